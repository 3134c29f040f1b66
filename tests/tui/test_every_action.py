"""Which test presses the key of which action and sees what comes of it. Whoever adds a key is asked for one here.

Paths are below tests/tui/. The names are the ids of the bindings; what only the palette has stands below them.
"""

import ast
from functools import cache
from pathlib import Path

import pytest
from textual.app import SystemCommand
from textual.widgets import OptionList

from tests import fakes
from tests.factories import delivery
from tests.tui.fakes import FakeClient, opened, screen_text, until
from tests.tui.test_replaying import terminal, told
from tui import labels
from tui.app import HooktapApp
from tui.filterbook import FilterBook
from tui.keymap import groups
from tui.screens.confirm import ConfirmScreen
from tui.screens.deliveries import DeliveriesScreen

HERE = Path(__file__).parent

ACTIONS = {
    "delivery.replay": "test_app.py::test_replay_tells_what_came_of_it",
    "delivery.replay_verbatim": "test_app.py::test_replay_tells_what_came_of_it",
    "delivery.replay_as": "test_dialogs.py::test_manner_of_a_replay_is_chosen_with_the_cursor",
    "delivery.edit": "test_replaying.py::test_edited_in_the_form",
    "delivery.auto_replay": "test_replaying.py::test_pinned_delivery",
    "delivery.copy": "test_app.py::test_curl_goes_to_clipboard_and_private_file",
    "delivery.export": "test_exporting.py::test_each_format_is_copied",
    "delivery.diff": "test_comparing.py::test_two_deliveries",
    "delivery.diff_answers": "test_comparing.py::test_the_last_two_answers",
    "delivery.recheck": "test_checks.py::test_selected_delivery_is_checked_again",
    "delivery.confirm": "test_checks.py::test_visit_is_offered_only_to_who_waits_for_one",
    "delivery.mark": "test_detail.py::test_marks_and_notes",
    "delivery.note": "test_detail.py::test_marks_and_notes",
    "sample.send": "test_dialogs.py::test_sample_is_chosen_with_the_arrows",
    "endpoint.panel": "test_around.py::test_an_endpoint_is_paused_from_the_keyboard",
    "alert.toggle": "test_around.py::test_a_failure_is_told_once_and_shown",
    "list.replay": "test_replaying.py::test_everything_listed",
    "list.recheck": "test_checks.py::test_everything_is_checked_again_and_its_progress_shown",
    "list.stop_recheck": "test_checks.py::test_escape_stops_checking_wherever_the_keyboard_is",
    "list.filter": "test_filters.py::test_list_is_filtered_while_one_types",
    "list.saved_filters": "test_filters.py::test_filter_is_saved_chosen_and_forgotten",
    "list.clear_filter": "test_filters.py::test_selected_delivery_stays_selected",
    "list.follow": "test_app.py::test_moving_up_pauses_and_counts_what_is_new",
    "list.fold": "test_folded_list.py::test_events_are_folded_and_unfolded",
    "list.toggle_event": "test_folded_list.py::test_an_event_is_opened_and_closed",
    "list.next": "test_cursors_and_closing.py::test_the_list_is_moved_through",
    "list.previous": "test_cursors_and_closing.py::test_the_list_is_moved_through",
    "list.page_down": "test_cursors_and_closing.py::test_the_list_is_moved_through",
    "list.page_up": "test_cursors_and_closing.py::test_the_list_is_moved_through",
    "list.oldest": "test_cursors_and_closing.py::test_the_list_is_moved_through",
    "list.newest": "test_cursors_and_closing.py::test_the_list_is_moved_through",
    "list.open": "test_app.py::test_enter_reads_and_escape_goes_back",
    "detail.body": "test_app.py::test_tabs",
    "detail.headers": "test_app.py::test_tabs",
    "detail.attempts": "test_app.py::test_answers_are_fetched_when_they_are_looked_at",
    "detail.overview": "test_checks.py::test_cause_stands_under_the_verdict",
    "detail.history": "test_detail.py::test_history_of_an_event",
    "detail.next_tab": "test_app.py::test_tabs",
    "detail.previous_tab": "test_app.py::test_tabs",
    "detail.zoom": "test_app.py::test_on_a_wide_screen_enter_again_gives_all_the_room",
    "detail.back": "test_app.py::test_enter_reads_and_escape_goes_back",
    "body.cycle": "test_app.py::test_body_cycles_through_its_views",
    "body.open": "test_detail.py::test_without_a_terminal_no_pager_opens",
    "body.save": "test_detail.py::test_body_is_saved_byte_for_byte",
    "body.fold": "test_detail.py::test_json_is_folded_and_copied",
    "body.unfold": "test_detail.py::test_json_is_folded_and_copied",
    "body.unfold_all": "test_detail.py::test_json_is_folded_and_copied",
    "body.whole": "test_detail.py::test_a_part_is_opened_and_left",
    "view.next": "test_cursors_and_closing.py::test_the_headers_are_moved_through",
    "view.previous": "test_cursors_and_closing.py::test_the_headers_are_moved_through",
    "view.first": "test_cursors_and_closing.py::test_the_headers_are_moved_through",
    "view.last": "test_cursors_and_closing.py::test_the_headers_are_moved_through",
    "view.down_page": "test_cursors_and_closing.py::test_the_headers_are_moved_through",
    "view.up_page": "test_cursors_and_closing.py::test_the_headers_are_moved_through",
    "view.copy": "test_detail.py::test_json_is_folded_and_copied",
    "view.copy_all": "test_detail.py::test_json_is_folded_and_copied",
    "view.choose": "test_detail.py::test_json_is_folded_and_copied",
    "view.down": "test_cursors_and_closing.py::test_the_help_is_scrolled",
    "view.up": "test_cursors_and_closing.py::test_the_help_is_scrolled",
    "view.top": "test_cursors_and_closing.py::test_the_help_is_scrolled",
    "view.end": "test_cursors_and_closing.py::test_the_help_is_scrolled",
    "view.page": "test_cursors_and_closing.py::test_the_help_is_scrolled",
    "filter.complete": "test_filters.py::test_keys_and_known_values_are_completed",
    "filter.earlier": "test_filters.py::test_history_is_kept_and_recalled",
    "filter.later": "test_filters.py::test_history_is_kept_and_recalled",
    "filter.save": "test_filters.py::test_filter_is_saved_chosen_and_forgotten",
    "filter.clear": "test_filters.py::test_selected_delivery_stays_selected",
    "diff.ignore": "test_comparing.py::test_what_is_ignored_is_remembered",
    "diff.heed": "test_comparing.py::test_what_is_ignored_is_remembered",
    "diff.swap": "test_comparing.py::test_sides_are_swapped",
    "diff.close": "test_cursors_and_closing.py::test_each_key_closes_a_comparison",
    "edit.send": "test_replaying.py::test_edited_in_the_form",
    "edit.editor": "test_replaying.py::test_edited_in_an_editor",
    "edit.original": "test_replaying.py::test_edited_in_the_form",
    "edit.close": "test_replaying.py::test_changes_are_not_thrown_away_at_once",
    "replay.next": "test_cursors_and_closing.py::test_the_cursor_moves",
    "replay.previous": "test_cursors_and_closing.py::test_the_cursor_moves",
    "replay.close": "test_dialogs.py::test_replay_can_be_declined",
    "replay.fresh": "test_dialogs.py::test_manner_of_a_replay_is_chosen_by_its_letter",
    "replay.verbatim": "test_dialogs.py::test_manner_of_a_replay_is_chosen_by_its_letter",
    "replay.broken": "test_dialogs.py::test_manner_of_a_replay_is_chosen_by_its_letter",
    "replay.stale": "test_dialogs.py::test_manner_of_a_replay_is_chosen_by_its_letter",
    "auto.close": "test_cursors_and_closing.py::test_each_key_closes",
    "auto.until_success": "test_replaying.py::test_pinned_delivery",
    "export.next": "test_cursors_and_closing.py::test_the_cursor_moves",
    "export.previous": "test_cursors_and_closing.py::test_the_cursor_moves",
    "export.file": "test_exporting.py::test_each_format_goes_into_a_file",
    "export.secrets": "test_exporting.py::test_secrets_go_along_only_when_asked",
    "export.close": "test_cursors_and_closing.py::test_each_key_closes",
    "export.curl": "test_exporting.py::test_each_format_is_copied",
    "export.httpie": "test_exporting.py::test_each_format_is_copied",
    "export.raw": "test_exporting.py::test_each_format_is_copied",
    "export.har": "test_exporting.py::test_each_format_is_copied",
    "export.python": "test_exporting.py::test_each_format_is_copied",
    "export.fetch": "test_exporting.py::test_each_format_is_copied",
    "export.bundle": "test_exporting.py::test_each_format_is_copied",
    "endpoint.switch": "test_endpoints.py::test_p_pauses_and_resumes",
    "endpoint.copy": "test_endpoints.py::test_c_copies_the_url",
    "endpoint.list": "test_around.py::test_an_endpoint_is_paused_from_the_keyboard",
    "endpoint.next": "test_cursors_and_closing.py::test_the_cursor_moves",
    "endpoint.previous": "test_cursors_and_closing.py::test_the_cursor_moves",
    "endpoint.close": "test_cursors_and_closing.py::test_each_key_closes",
    "saved.next": "test_cursors_and_closing.py::test_the_cursor_moves",
    "saved.previous": "test_cursors_and_closing.py::test_the_cursor_moves",
    "saved.forget": "test_filters.py::test_filter_is_saved_chosen_and_forgotten",
    "saved.close": "test_cursors_and_closing.py::test_each_key_closes",
    "name.close": "test_cursors_and_closing.py::test_the_name_of_a_filter_is_not_given",
    "note.close": "test_cursors_and_closing.py::test_each_key_closes",
    "sample.next": "test_cursors_and_closing.py::test_the_cursor_moves",
    "sample.previous": "test_cursors_and_closing.py::test_the_cursor_moves",
    "sample.page_down": "test_cursors_and_closing.py::test_the_samples_are_turned_over",
    "sample.page_up": "test_cursors_and_closing.py::test_the_samples_are_turned_over",
    "sample.close": "test_cursors_and_closing.py::test_each_key_closes",
    "confirm.yes": "test_replaying.py::test_everything_listed",
    "confirm.no": "test_cursors_and_closing.py::test_each_key_closes",
    "confirm.instead": "test_every_action.py::test_only_what_is_marked_is_replayed",
    "help.close": "test_cursors_and_closing.py::test_each_key_closes",
    "help.down": "test_cursors_and_closing.py::test_the_help_is_scrolled",
    "help.up": "test_cursors_and_closing.py::test_the_help_is_scrolled",
    "help.page_down": "test_cursors_and_closing.py::test_the_help_is_scrolled",
    "help.page_up": "test_cursors_and_closing.py::test_the_help_is_scrolled",
    "app.help": "test_app.py::test_help_lists_every_binding",
    "app.quit": "test_app.py::test_q_quits",
    "app.interrupt": "test_app.py::test_ctrl_c_quits_when_pressed_twice",
}

PALETTE = {
    "Every command, by name": "test_app.py::test_palette_runs_what_a_key_does",
    "Replay with a broken signature": "test_dialogs.py::test_palette_offers_the_spoilt_ones",
    "Replay with a stale signature": "test_dialogs.py::test_palette_offers_the_spoilt_ones",
    "Filter: failed": "test_filters.py::test_saved_filter_is_in_the_palette",
    "Change the theme": "test_every_action.py::test_a_theme_is_chosen",
    "Save a screenshot (SVG)": "test_app.py::test_screenshot_is_saved_for_this_user_only",
}
"""What has no key, and the palette itself."""


@cache
def functions_in(path: Path) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)}


@pytest.mark.parametrize("action", [*ACTIONS, *PALETTE])
def test_every_action_has_its_test(action: str) -> None:
    path, _, name = (ACTIONS | PALETTE)[action].partition("::")
    assert name.startswith("test_")
    assert name in functions_in(HERE / path)


def test_no_key_is_left_out() -> None:
    bindings = [each for group in groups(HooktapApp).values() for each in group]
    assert {each.id or each.description for each in bindings} == {*ACTIONS, next(iter(PALETTE))}


async def test_no_command_is_left_out(tmp_path: Path) -> None:
    """Those of the palette that are no key's."""
    FilterBook(tmp_path).save("failed", "status:>=500")
    async with opened(FakeClient((delivery(id=1), [])), tmp_path) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, DeliveriesScreen)
        await until(pilot, lambda: screen.selected)
        offered: list[SystemCommand] = list(pilot.app.get_system_commands(screen))
    assert [each.title for each in offered] == [*PALETTE][1:]


async def test_a_theme_is_chosen(tmp_path: Path) -> None:
    async with opened(FakeClient(), tmp_path) as pilot:
        for keys in (("ctrl+p", *"change the th"), tuple("nord")):
            await pilot.press(*keys)
            await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count == 1)
            await pilot.press("enter")
        await until(pilot, lambda: pilot.app.theme == "nord")


async def test_only_what_is_marked_is_replayed(tmp_path: Path) -> None:
    async with terminal(tmp_path, fakes.answering(), 3) as (pilot, target):
        await pilot.press("g", "M")
        await until(pilot, lambda: labels.MARK in screen_text(pilot))
        await pilot.press("A")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("m")
        await told(pilot, "replayed 1 of 1, 0 failed")
    assert [taken.body for taken in target.requests] == [b'{"n": 0}']
