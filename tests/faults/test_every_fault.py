"""Which test proves which fault. Their long forms are in scripts/soak, their figures in docs/reliability.md."""

import ast
from pathlib import Path

import pytest

from tests.process import ROOT

BIG = "tests/faults/test_big_bodies.py"
CLOCK = "tests/faults/test_clock_and_terminal.py"
CROWDS = "tests/faults/test_crowds.py"
DATABASE = "tests/store/test_database.py"
DISK = "tests/faults/test_disk_errors.py"
FORWARDER = "tests/forwarder/test_forwarder.py"
POWER = "tests/faults/test_power_loss.py"
RETENTION = "tests/test_retention.py"
SPACE = "tests/store/test_space.py"
STOPPING = "tests/test_stopping.py"
WRITER = "tests/store/test_writer.py"

FAULTS = [f"F{number}" for number in (*range(1, 27), *range(35, 39))]
PROVED_BY = {
    "F1 kill -9": (
        "tests/test_durability.py::test_kill_9_loses_nothing_that_was_acknowledged",
        "tests/store/test_crash.py::test_acknowledged_deliveries_survive_kill_9",
        "tests/simulate/standins/test_service.py::test_kill_9_loses_nothing_that_waits",
    ),
    "F2 power loss": (
        f"{POWER}::test_power_loss_takes_nothing_that_was_acknowledged",
        f"{POWER}::test_the_same_test_fails_with_synchronous_normal",
        f"{DATABASE}::test_writer_waits_for_the_disk",
    ),
    "F3 torn and reordered writes": (
        f"{POWER}::test_power_loss_takes_nothing_that_was_acknowledged",
    ),
    "F4 disk full": (
        f"{DISK}::test_a_disk_that_fails_loses_nothing_and_is_used_again",
        f"{DISK}::test_a_full_disk_refuses_and_recovers",
        f"{DISK}::test_a_quota_loses_nothing_and_may_be_raised",
        f"{WRITER}::test_full_disk_fails_every_append_and_passes",
        "tests/threats/test_flooding.py::test_twelve_thousand_refused_are_a_line_a_second",
    ),
    "F5 free space under the floor": (
        f"{SPACE}::test_below_the_floor_everything_is_refused_until_there_is_room",
        f"{SPACE}::test_what_is_under_way_is_still_stored",
        f"{DISK}::test_a_full_disk_refuses_and_recovers",
    ),
    "F6 fsync fails": (f"{DISK}::test_a_disk_that_fails_loses_nothing_and_is_used_again",),
    "F7 read-only": (
        f"{DISK}::test_a_disk_that_may_not_be_written_is_told_at_the_start",
        f"{DATABASE}::test_directory_that_cannot_be_written",
        f"{DATABASE}::test_file_that_cannot_be_written",
    ),
    "F8 locked by another process": (
        "tests/store/test_lock.py::test_second_inspector_is_told_who_holds_the_directory",
        "tests/cli/test_listen.py::test_a_data_directory_that_is_taken",
        f"{WRITER}::test_foreign_writer_delays_and_loses_nothing",
    ),
    "F9 corrupt database": (
        f"{DATABASE}::test_damaged_database_is_left_alone",
        "tests/faults/test_damaged_database.py::test_it_starts_takes_deliveries_and_gets_the_old_ones_back",
        "tests/faults/test_damaged_database.py::test_a_write_that_meets_damage_is_remembered",
        "tests/store/test_seals.py::test_no_flipped_bit_is_served",
        "tests/store/test_seals.py::test_a_damaged_delivery_says_so",
        "tests/store/test_seals.py::test_what_is_repaired_is_what_was_stored",
        "tests/store/test_seals.py::test_another_write_ahead_log",
        "tests/store/test_repair.py::test_what_can_be_read_is_recovered",
        "tests/store/test_repair.py::test_nothing_can_be_read",
        "tests/cli/test_prune.py::test_doctor_repairs",
    ),
    "F10 foreign or newer file": (
        f"{DATABASE}::test_database_of_another_program_is_left_alone",
        f"{DATABASE}::test_database_of_a_newer_version_is_left_alone",
        f"{DATABASE}::test_newer_version_is_seen_in_the_log",
        "tests/test_bad_input.py::test_a_database_that_is_not_ours_stays_as_it_is",
    ),
    "F11 migration killed": (
        "tests/store/test_schema.py::test_migration_killed_halfway_is_at_one_version",
        "tests/store/test_schema.py::test_version_1_killed_on_its_way_to_2",
        "tests/store/test_schema.py::test_version_2_killed_on_its_way_to_3",
        "tests/store/test_schema.py::test_killed_on_the_way_to_a_later_version",
    ),
    "F12 long reader": (
        f"{DISK}::test_a_long_reader_delays_nobody_and_its_log_is_cut_afterwards",
        "tests/store/test_longlog.py::test_a_long_log_is_told_once_an_hour",
        "tests/store/test_longlog.py::test_the_store_watches_its_own",
    ),
    "F13 one connection checkpoints": (
        f"{DATABASE}::test_reader_cannot_write",
        f"{DATABASE}::test_close_empties_the_log_while_others_read",
    ),
    "F14 sender gone": (
        f"{CROWDS}::test_senders_that_leave_leave_whole_deliveries_or_none",
        f"{WRITER}::test_cancelled_caller_breaks_nothing",
    ),
    "F15 stopped under load": (
        f"{STOPPING}::test_a_thousand_in_flight",
        f"{STOPPING}::test_a_second_signal_waits_for_nobody",
        f"{CROWDS}::test_a_stop_answers_what_is_in_flight",
        f"{CROWDS}::test_a_second_signal_loses_nothing_that_was_acknowledged",
        f"{DATABASE}::test_cancelled_block_commits_what_was_queued",
    ),
    "F16 target down": (
        f"{FORWARDER}::test_nobody_listens",
        "tests/test_pipeline.py::test_a_restart_takes_the_schedule_up",
    ),
    "F17 target hangs": (
        "tests/test_pipeline.py::test_a_target_that_hangs_holds_up_only_itself",
        f"{FORWARDER}::test_a_broken_target_is_a_failure_that_says_what_happened",
    ),
    "F18 target lies": (
        f"{FORWARDER}::test_a_broken_target_is_a_failure_that_says_what_happened",
        f"{FORWARDER}::test_a_reset_amid_the_answer",
        "tests/forwarder/test_answer.py::test_nothing_a_target_says_raises",
    ),
    "F19 endless answer": (
        f"{FORWARDER}::test_a_huge_answer_is_cut_and_marked",
        "tests/forwarder/test_answer.py::test_an_endless_answer_is_cut",
    ),
    "F20 very many at once": (f"{CROWDS}::test_a_thousand_at_once_are_all_answered",),
    "F21 a huge body": (
        f"{BIG}::test_a_huge_body",
        "tests/receiver/test_bodies.py::test_a_single_body_up_to_the_cap_always_fits",
        "tests/store/test_bodies.py::test_a_big_body_comes_back_as_it_went_in",
    ),
    "F22 many huge bodies": (
        f"{BIG}::test_many_big_bodies_at_once",
        "tests/receiver/test_bodies.py::test_a_body_that_finds_no_room_waits_for_it",
        "tests/receiver/test_bodies.py::test_no_room_in_time_is_told",
        "tests/receiver/test_bodies.py::test_half_read_chunked_bodies_do_not_wait_for_each_other",
        "tests/receiver/test_bodies.py::test_senders_that_leave_leave_no_room_taken",
        "tests/receiver/test_budget.py::test_whatever_they_do_all_of_it_comes_back",
        f"{WRITER}::test_queue_is_bounded_by_bytes",
    ),
    "F23 slow disk": (
        f"{DISK}::test_a_slow_disk_is_waited_for",
        f"{WRITER}::test_full_queue_refuses_at_once",
    ),
    "F24 busy screen": (
        "tests/faults/test_busy_screen.py::test_no_long_body_is_laid_out_on_the_loop",
        "tests/test_lag.py::test_a_held_loop_is_told_of_and_remembered",
        "tests/cli/test_listen.py::test_a_reader_that_does_not_read_delays_nobody",
        f"{CLOCK}::test_a_terminal_that_goes_away_disturbs_no_sender",
    ),
    "F25 clock": (
        f"{CLOCK}::test_a_clock_that_jumps_changes_no_order_and_loses_nothing",
        f"{CLOCK}::test_a_clock_put_back_delays_no_retry",
        f"{RETENTION}::test_a_clock_that_jumped_lets_nothing_young_go",
    ),
    "F26 duplicates": (
        f"{CROWDS}::test_the_same_delivery_many_times_at_once",
        "tests/test_duplicates.py::test_a_hundred_copies_at_once",
        "tests/test_duplicates.py::test_a_hundred_copies_where_duplicates_are_held",
        "tests/test_duplicates.py::test_what_failed_is_forwarded_when_the_provider_sends_it_again",
        "tests/store/test_duplicates.py::test_of_copies_at_once_exactly_one_is_the_first",
    ),
    "F35 terminal gone": (
        f"{CLOCK}::test_a_terminal_that_goes_away_disturbs_no_sender",
        f"{CLOCK}::test_a_window_closed_under_load_ends_its_terminal",
        f"{CLOCK}::test_a_terminal_that_stands_still_can_be_ended",
        f"{CLOCK}::test_a_terminal_that_stood_still_goes_on",
        f"{CLOCK}::test_a_terminal_that_was_stopped_draws_itself_anew",
        f"{CLOCK}::test_a_terminal_that_is_opened_again_shows_what_came_meanwhile",
        "tests/tui/test_ending.py::test_an_application_that_waits_for_ever_is_ended",
        "tests/tui/test_faults.py::test_whatever_a_key_does",
        "tests/tui/test_faults.py::test_one_after_the_other",
        "tests/cli/test_web.py::test_nothing_is_left_of_it",
        "tests/test_terminal_road.py::test_a_closed_window_leaves_no_inspector",
        "tests/test_terminal_road.py::test_a_killed_terminal_leaves_no_inspector",
    ),
    "F36 too few descriptors": (
        f"{CROWDS}::test_too_few_descriptors_stop_nothing",
        f"{CROWDS}::test_descriptors_that_are_taken_away_stop_nothing",
        "tests/threats/test_connections.py::test_a_full_door_says_so",
    ),
    "F37 pruning under load": (
        f"{RETENTION}::test_beside_64_senders",
        f"{RETENTION}::test_kill_9_during_a_prune",
    ),
    "F38 backup under load": (
        "tests/store/test_backup.py::test_copy_while_deliveries_arrive",
        "tests/store/test_backup.py::test_a_copy_can_be_started_from",
    ),
}


def test_every_fault_has_its_test() -> None:
    assert [name.partition(" ")[0] for name in PROVED_BY] == FAULTS


@pytest.mark.parametrize("fault", PROVED_BY)
def test_the_tests_that_are_named_exist(fault: str) -> None:
    for test in PROVED_BY[fault]:
        path, _, name = test.partition("::")
        tree = ast.parse(Path(ROOT, path).read_text("utf-8"))
        assert name in {getattr(node, "name", "") for node in tree.body}, test
