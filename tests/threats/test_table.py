"""Which test runs the attack of which threat. Whoever renames or drops one of them is told here.

Paths are below tests/. Each threat has a test against the real process; where rarer forms of it are tried in quicker
ones as well, those stand behind it.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent

THREATS = {
    "T1 DNS rebinding": (
        "threats/test_doors.py::test_every_route_refuses",
        "threats/test_doors.py::test_two_hosts_are_none",
        "threats/test_doors.py::test_an_absolute_target_changes_nothing",
        "threats/test_web_door.py::test_no_other_page_comes_in",
        "api/test_guard.py::test_another_host",
        "api/test_guard.py::test_no_host",
        "simulate/standins/test_service.py::test_no_web_page_can_call_it",
    ),
    "T2 cross-site WebSocket": (
        "threats/test_doors.py::test_every_route_refuses",
        "threats/test_doors.py::test_every_route_is_there",
        "threats/test_web_door.py::test_no_other_page_comes_in",
        "api/test_guard.py::test_another_origin",
    ),
    "T3 CSRF": (
        "threats/test_doors.py::test_no_form_does_anything",
        "threats/test_doors.py::test_a_preflight_gets_no_permission",
        "api/test_guard.py::test_another_site",
        "simulate/standins/test_service.py::test_no_web_page_can_call_it",
    ),
    "T4 a route without the guard": (
        "threats/test_doors.py::test_every_route_refuses",
        "threats/test_web_door.py::test_nobody_comes_in_without_the_cookie",
        "cli/test_web.py::test_a_browser_without_the_cookie",
        "api/test_guard.py::test_without_the_token",
        "simulate/standins/test_service.py::test_nothing_is_told_without_the_token",
    ),
    "T5 ingress to control plane": (
        "threats/test_ingress.py::test_the_public_door_serves_nothing_of_the_private_one",
        "threats/test_ingress.py::test_what_is_below_in_is_the_apps",
        "threats/test_ingress.py::test_our_own_doors_are_no_targets",
        "test_loops.py::test_a_ring_ends_where_it_began",
        "test_loops.py::test_a_ring_that_waits_for_its_own_answer",
        "test_loops.py::test_a_chain_arrives",
        "forwarder/test_dialler.py::test_our_own_listeners_are_refused_under_every_address",
    ),
    "T6 forwarding inside": (
        "threats/test_ingress.py::test_no_delivery_leaves_this_machine_unasked",
        "threats/test_ingress.py::test_what_could_be_read_as_two_addresses_is_none",
        "threats/test_ingress.py::test_a_redirect_is_an_answer",
        "forwarder/test_dialler.py::test_a_name_is_resolved_once_for_a_connection",
        "forwarder/test_dialler.py::test_one_foreign_address_among_many_is_enough",
        "forwarder/test_forwarder.py::test_no_redirect_is_followed_and_no_cookie_kept",
        "test_outside.py::test_other_urls_are_not_asked",
    ),
    "T7 request smuggling": (
        "threats/test_ingress.py::test_the_app_gets_no_request_that_was_not_taken_for_one",
        "threats/test_ingress.py::test_an_upgrade_stays_a_delivery",
        "test_bad_input.py::test_what_is_refused_is_not_kept",
        "test_receiver.py::test_what_could_be_read_two_ways_is_refused",
    ),
    "T8 re-encoding": (
        "threats/test_verdicts.py::test_a_signature_is_over_the_bytes_that_came",
        "test_bad_input.py::test_what_is_kept_is_forwarded_and_shown",
    ),
    "T9 timing or crash in a compare": (
        "test_hostile_signatures.py::test_no_header_is_too_absurd",
        "test_hostile_signatures.py::test_no_body_is_too_absurd",
        "core/test_admission.py::test_every_value_is_compared",
    ),
    "T10 a captured delivery": (
        "threats/test_verdicts.py::test_a_captured_delivery_is_stale_later",
        "threats/test_verdicts.py::test_a_delivery_of_now_is_verified",
        "threats/test_verdicts.py::test_the_tolerance_to_the_second",
        "test_duplicates.py::test_whatever_is_played_back_is_marked",
    ),
    "T11 a forged id": (
        "threats/test_verdicts.py::test_a_forged_id_does_not_stop_the_real_delivery",
        "test_duplicates.py::test_a_forged_id_sent_first_changes_nothing",
        "store/test_duplicates.py::test_only_what_is_verified_counts",
    ),
    "T12 algorithm or secret confusion": (
        "threats/test_verdicts.py::test_a_signature_of_another_form_is_wrong",
        "threats/test_verdicts.py::test_two_signatures_are_not_one",
        "threats/test_verdicts.py::test_a_version_alone_signs_nothing",
        "test_hostile_signatures.py::test_signatures_by_the_thousand",
        "config/test_secrets.py::test_an_empty_variable_is_a_mistake",
    ),
    "T13 decompression bomb": (
        "threats/test_previews.py::test_a_bomb_is_kept_as_it_is",
        "threats/test_previews.py::test_a_bomb_is_looked_at_for_little",
        "tui/test_bodyview.py::test_bomb_is_inflated_no_further_than_is_shown",
        "test_outside.py::test_compressed_answer_is_not_inflated",
    ),
    "T14 hostile JSON, XML, multipart": (
        "threats/test_previews.py::test_what_is_hostile_is_shown",
        "threats/test_previews.py::test_what_is_hostile_can_be_looked_at",
        "tui/test_bodyview.py::test_any_body_can_be_shown_safely",
    ),
    "T15 terminal escapes": (
        "threats/test_screens.py::test_every_screen",
        "threats/test_commands.py::test_on_a_pipe",
        "threats/test_commands.py::test_on_a_terminal",
        "threats/test_simulated.py::test_every_answer_of_an_app",
        "threats/test_any_text.py::test_any_line_of_the_log",
        "threats/test_any_text.py::test_any_name_in_the_status_line",
        "tui/test_pasting.py::test_note_of_anything",
        "core/test_text.py::test_a_stack_of_marks_has_an_end",
        "threats/test_any_line.py::test_any_delivery_printed",
        "threats/test_any_line.py::test_any_verdict_and_difference_printed",
        "threats/test_any_line.py::test_any_record_of_a_provider_printed",
        "tui/test_hostile.py::test_every_dialog",
        "threats/test_terminal.py::test_the_log",
        "test_terminal_road.py::test_nothing_of_a_delivery_reaches_the_terminal_as_it_is",
        "test_bad_input.py::test_what_is_printed_steers_no_terminal",
        "tui/test_hostile.py::test_copied_command_is_harmless",
    ),
    "T16 markup injection": (
        "threats/test_screens.py::test_every_screen",
        "tui/test_any_text.py::test_any_text_is_told_safely",
        "test_terminal_road.py::test_nothing_of_a_delivery_reaches_the_terminal_as_it_is",
        "tui/test_hostile.py::test_every_view",
        "tui/test_hostile.py::test_markup_is_no_link",
        "tui/test_hostile.py::test_every_toast",
        "tui/test_any_text.py::test_any_text_is_shown_safely",
    ),
    "T17 export injection": (
        "threats/test_any_text.py::test_any_delivery_as_curl",
        "threats/test_any_text.py::test_any_delivery_as_httpie",
        "threats/test_any_text.py::test_any_delivery_as_python",
        "threats/test_any_text.py::test_any_delivery_as_an_archive_or_a_bundle",
        "threats/test_any_text.py::test_any_content_type_names_no_file",
        "threats/test_exports.py::test_no_command_runs",
        "threats/test_exports.py::test_a_stored_delivery_exported_by_the_command",
        "threats/test_exports.py::test_an_exported_command_is_read_without_a_shell",
        "threats/test_exports.py::test_no_script_runs_anything_else",
        "core/export/test_curl.py::test_command_is_safe_to_paste",
        "core/export/test_formats.py::test_whatever_was_sent_it_is_safe_to_paste",
        "core/export/test_formats.py::test_hostile_text_stays_one_literal",
        "cli/test_export.py::test_into_a_folder",
    ),
    "T18 secrets in records": (
        "threats/test_canaries.py::test_no_secret_stands_anywhere",
        "threats/test_canaries.py::test_what_a_delivery_shows_is_evidence",
        "threats/test_canaries.py::test_only_the_app_is_told_a_token",
        "threats/test_canaries.py::test_an_export_says_what_it_left_out",
        "core/test_redaction.py::test_no_secret_of_any_provider",
        "core/test_redaction.py::test_what_an_endpoint_requires",
        "test_handshake_road.py::test_asanas_secret_is_kept_and_never_stored",
        "config/test_secrets.py::test_a_command_that_fails",
        "config/test_secrets.py::test_a_secret_is_shown_by_no_repr",
    ),
    "T19 local users": (
        "threats/test_local_users.py::test_every_file_is_private",
        "threats/test_local_users.py::test_another_user_reads_nothing",
        "threats/test_local_users.py::test_a_directory_of_others_is_refused",
        "test_datadir.py::test_a_planted_link_is_not_followed",
        "store/test_database.py::test_link_is_not_followed",
        "test_handed.py::test_planted_link_is_not_followed",
    ),
    "T20 token in a URL": (
        "threats/test_doors.py::test_a_token_in_a_url_opens_nothing",
        "threats/test_doors.py::test_the_token_is_told_to_nobody",
        "threats/test_canaries.py::test_no_secret_stands_anywhere",
        "threats/test_web_door.py::test_a_code_opens_once",
        "threats/test_web_door.py::test_a_code_is_no_key",
        "cli/test_web.py::test_another_link_for_another_browser",
    ),
    "T26 slow or many connections": (
        "threats/test_connections.py::test_the_slow_hold_up_nobody",
        "test_receiver.py::test_a_body_that_never_comes_ends_the_request",
        "threats/test_connections.py::test_idle_connections_hold_up_nobody",
        "threats/test_connections.py::test_a_full_door_says_so",
        "receiver/test_limits.py::test_whoever_is_turned_away_can_read_why",
        "receiver/test_limits.py::test_nobody_elsewhere_takes_all_the_room",
    ),
    "T27 flooding": (
        "threats/test_connections.py::test_whoever_is_loud_does_not_own_the_log",
        "threats/test_flooding.py::test_twelve_thousand_refused_are_a_line_a_second",
        "receiver/test_rates.py::test_at_the_door",
        "test_teller.py::test_a_flood_of_minutes_is_a_line_a_second",
        "test_pipeline.py::test_a_scanner_cannot_create_endpoints_for_ever",
        "test_retention.py::test_a_flood_stays_within_its_bytes_on_the_disk",
    ),
    "T28 hop-by-hop tricks": (
        "threats/test_ingress.py::test_no_sender_takes_headers_away",
        "core/test_forwarding.py::test_no_sender_can_take_a_signature_away",
        "core/test_forwarding.py::test_nor_any_header_a_provider_file_reads",
    ),
    "T29 spoofed headers of ours": (
        "threats/test_ingress.py::test_nobody_speaks_in_our_name",
        "threats/test_ingress.py::test_nobody_stops_a_forward_by_its_hops",
        "threats/test_ingress.py::test_nobody_comes_from_elsewhere",
    ),
    "T30 SQL and filters": (
        "threats/test_queries.py::test_no_query_is_sql",
        "threats/test_queries.py::test_every_character_means_itself",
        "threats/test_queries.py::test_no_parameter_is_sql",
        "store/test_filters.py::test_whatever_can_be_read_can_be_asked",
        "store/test_filters.py::test_deepest_query_is_not_too_deep",
        "store/test_search.py::test_search_without_time_gets_somewhere_all_the_same",
    ),
    "T31 a feed client that does not read": (
        "threats/test_connections.py::test_the_slow_hold_up_nobody",
        "api/test_sockets.py::test_a_client_that_stops_reading",
        "cli/test_listen.py::test_a_reader_that_does_not_read_delays_nobody",
    ),
}


@cache
def functions_in(path: Path) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)}


@pytest.mark.parametrize("threat", THREATS)
def test_every_threat_has_its_tests(threat: str) -> None:
    for test in THREATS[threat]:
        path, _, name = test.partition("::")
        assert name in functions_in(TESTS / path), test


def test_no_threat_is_left_out() -> None:
    """T21 to T25 are of the gateway."""
    numbers = [int(threat.split()[0].removeprefix("T")) for threat in THREATS]
    assert numbers == [*range(1, 21), *range(26, 32)]
