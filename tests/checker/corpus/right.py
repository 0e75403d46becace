"""Right histories in which nothing goes wrong."""

from emulator.protocol.events import FileWritten
from emulator.protocol.messages import (
    TRACKER,
    Close,
    FileCompleted,
    Finished,
    Miss,
    SegmentRequest,
    SwarmAnswer,
    SwarmRequest,
)
from tests.checker.corpus.beginnings import (
    ELEVEN,
    EMPTY,
    FILE,
    OTHER,
    F,
    G,
    crowd,
    crowd_with_a_beginner,
    end_of_the_beginner,
    rest_from_seed,
    right,
)
from tests.checker.histories import HandWritten


@right
def a_client_downloads_from_the_only_seed() -> HandWritten:
    h = crowd()
    h.download(2, 1, F)
    h.end()
    return h


@right
def a_file_of_two_rounds() -> HandWritten:
    h = crowd(file=ELEVEN)
    h.swarm(2, F)
    h.from_seed(2, 1, F, range(10))
    h.swarm(2, F)
    h.from_seed(2, 1, F, (10,))
    h.complete(2, F)
    h.end()
    return h


@right
def a_file_that_ends_with_its_round() -> HandWritten:
    h = crowd(quota=3)
    h.download(2, 1, F)
    h.end()
    return h


@right
def nobody_wants_anything() -> HandWritten:
    h = HandWritten(3)
    h.begin()
    h.end()
    return h


@right
def a_client_alone_has_what_it_wants() -> HandWritten:
    h = HandWritten(1)
    h.begin({1: [FILE]}, {1: [F]})
    h.record(1, FileWritten(F, 3), "download")
    h.end()
    return h


@right
def a_file_without_segments_is_complete_at_once() -> HandWritten:
    h = crowd(3, EMPTY)
    h.complete(2, F)
    h.complete(3, F)
    h.end()
    return h


@right
def a_wanted_file_that_is_owned_is_written_and_not_told() -> HandWritten:
    h = HandWritten(2)
    h.begin({1: [FILE], 2: [FILE]}, {1: [F], 2: [F]})
    h.record(2, FileWritten(F, 3), "download")
    h.record(1, FileWritten(F, 3), "download")
    h.end()
    return h


@right
def files_come_in_the_order_of_the_wants_and_not_of_their_names() -> HandWritten:
    h = HandWritten(3)
    h.begin({1: [FILE], 3: [OTHER]}, {2: [G, F]})
    h.download(2, 3, G)
    h.download(2, 1, F)
    h.end()
    return h


@right
def a_client_is_finished_while_others_have_not_begun() -> HandWritten:
    h = crowd()
    h.finish(1)
    h.download(2, 1, F)
    h.end(2)
    return h


@right
def a_miss_as_the_first_answer_of_the_only_peer_ends_the_search() -> HandWritten:
    h = crowd(3)
    h.swarm(2, F)
    h.swarm(3, F)
    h.miss(3, 2, F, 0)
    h.from_seed(3, 1, F, range(3))
    h.complete(3, F)
    h.from_seed(2, 1, F, range(3))
    h.complete(2, F)
    h.end()
    return h


@right
def after_a_miss_as_the_very_first_answer_a_second_peer_is_tried() -> HandWritten:
    h = crowd_with_a_beginner(4)
    h.swarm(3, F)
    h.swarm(4, F)
    h.miss(4, 3, F, 0)
    h.hit(4, 2, F, 0)
    h.miss(4, 2, F, 1)  # its second miss in all, its first in a row
    h.close(4, 2)
    h.miss(4, 3, F, 1)
    rest_from_seed(h, 4, 1, 2)
    end_of_the_beginner(h)
    h.hit(3, 2, F, 0, 1, 2)
    h.close(3, 2)
    h.complete(3, F)
    h.end()
    return h


@right
def two_misses_end_the_search_though_a_third_peer_would_have_it() -> HandWritten:
    h = crowd_with_a_beginner(5)
    h.swarm(3, F)
    h.swarm(4, F)
    h.swarm(5, F)
    h.miss(5, 3, F, 0)
    h.miss(5, 4, F, 0)
    rest_from_seed(h, 5, 0, 1, 2)
    end_of_the_beginner(h)
    for rank in (3, 4):
        h.hit(rank, 2, F, 0, 1, 2)
        h.close(rank, 2)
        h.complete(rank, F)
    h.end()
    return h


@right
def the_least_connected_of_three_of_four_seeds_is_taken() -> HandWritten:
    h = crowd(6, seeds=4)
    h.swarm(5, F)
    for seed in (4, 2, 3):
        h.count(5, seed, 0)
    h.hit(5, 2, F, 0)
    h.swarm(6, F)
    h.hit(6, 5, F, 0)
    h.miss(6, 5, F, 1)
    h.close(6, 5)
    for seed, num_open in ((2, 1), (1, 0), (4, 0)):
        h.count(6, seed, num_open)
    h.hit(6, 4, F, 1, 2)
    h.close(6, 4)
    h.complete(6, F)
    h.hit(5, 2, F, 1, 2)
    h.close(5, 2)
    h.complete(5, F)
    h.end()
    return h


@right
def numwant_limits_each_role_and_any_may_be_drawn() -> HandWritten:
    h = crowd(5, seeds=3, numwant=1)
    h.swarm(4, F)
    h.message(5, TRACKER, SwarmRequest(F))
    h.role(5, F, "peer")
    h.message(TRACKER, 5, SwarmAnswer(F, (3,), (4,)))
    h.miss(5, 4, F, 0)
    h.from_seed(5, 3, F, range(3))
    h.complete(5, F)
    h.from_seed(4, 1, F, range(3))
    h.complete(4, F)
    h.end()
    return h


@right
def what_is_received_and_not_stored_yet_may_be_missed() -> HandWritten:
    h = crowd_with_a_beginner()
    h.swarm(3, F)
    h.miss(3, 2, F, 0)  # its upload thread was quicker than its download thread
    rest_from_seed(h, 3, 0, 1, 2)
    end_of_the_beginner(h)
    h.end()
    return h


@right
def what_is_received_and_not_stored_yet_may_be_given() -> HandWritten:
    h = crowd_with_a_beginner()
    h.swarm(3, F)
    h.hit(3, 2, F, 0)
    h.miss(3, 2, F, 1)
    h.close(3, 2)
    rest_from_seed(h, 3, 1, 2)
    end_of_the_beginner(h)
    h.end()
    return h


@right
def what_is_stored_after_it_was_asked_for_may_be_missed() -> HandWritten:
    h = crowd_with_a_beginner()
    h.swarm(3, F)
    h.message(3, 2, SegmentRequest(F, 0))
    h.sent(2, 1, SegmentRequest(F, 1))  # so segment 0 is stored
    h.message(2, 3, Miss(F, 0))
    h.received(1, 2, SegmentRequest(F, 1))
    h.message(1, 2, h.right(F, 1))
    rest_from_seed(h, 3, 0, 1, 2)
    h.hit(2, 1, F, 2)
    h.close(2, 1)
    h.complete(2, F)
    h.end()
    return h


@right
def a_stop_overtakes_another_clients_close() -> HandWritten:
    h = crowd()
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1, 2)
    h.sent(2, 1, Close())
    h.complete(2, F)
    h.end()
    return h


@right
def an_overtaking_between_different_senders_is_none() -> HandWritten:
    h = crowd()
    h.download(2, 1, F)
    h.sent(1, TRACKER, Finished())
    h.sent(2, TRACKER, Finished())
    h.received(TRACKER, 2, Finished())
    h.received(TRACKER, 1, Finished())
    h.stop()
    return h


@right
def two_messages_of_one_sender_are_in_flight() -> HandWritten:
    h = crowd()
    h.swarm(2, F)
    h.count(2, 1, 0)
    h.hit(2, 1, F, 0, 1, 2)
    h.sent(2, 1, Close())
    h.record(2, FileWritten(F, 3), "download")
    h.sent(2, TRACKER, FileCompleted(F))
    h.sent(2, TRACKER, Finished())
    h.received(TRACKER, 2, FileCompleted(F))
    h.role(2, F, "seed")
    h.received(TRACKER, 2, Finished())
    h.received(1, 2, Close())
    h.end(1)
    return h


@right
def another_strategy_chooses_otherwise_and_keeps_the_rest() -> HandWritten:
    h = crowd_with_a_beginner()
    h.header = HandWritten(3, strategy="own.py:Own").header
    h.swarm(3, F)
    h.hit(3, 1, F, 2, 1)  # no counts, a seed first, the last segment first
    h.close(3, 1)
    h.hit(3, 2, F, 0)
    h.close(3, 2)
    h.complete(3, F)
    end_of_the_beginner(h)
    h.end()
    return h
