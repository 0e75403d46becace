"""The numbered steps of the protocol, each in a sentence or two: what screens, pages and messages cite.

`docs/protocol.md` tells the same steps in full, with the choices that they leave open.
"""

STEPS: dict[str, str] = {
    "P1": "The client reads its own input file.",
    "P2": "It reports to the tracker the name and the segment hashes of every file that it owns.",
    "P3": "It waits for the tracker's signal that all clients have reported: the first barrier.",
    "P4": "It starts its download thread and its upload thread, and ends when both have ended.",
    "D1": "The download thread asks the tracker for the metadata of every file that the client wants.",
    "D2": "It waits for the tracker's signal that all clients have asked: the second barrier.",
    "D3": "It downloads the wanted files one after the other, in rounds: "
    "each round asks the tracker for the file's seeds and peers, and takes at most a quota of segments.",
    "D4": "It tries peers first: it picks one at random and takes segments from it until a miss, then picks another. "
    "Two misses in a row from two peers end the search among peers for this round.",
    "D5": "If the quota is not reached, it asks three random seeds (all, if there are fewer) how many connections "
    "each has open, and chooses the one with the fewest.",
    "D6": "It takes the rest of the quota from that seed, then sends it a close.",
    "D7": "When every segment of the file is there, it writes the output file and tells the tracker.",
    "D8": "When all wanted files are there, it tells the tracker that it has finished, and the thread ends.",
    "U1": "The upload thread waits for the next message.",
    "U2": "It answers a request for a segment that the client holds with the segment (a hit) and remembers the "
    "connection; otherwise it answers with a miss.",
    "U3": "It answers a connection-count request with the number of clients that it has a connection with.",
    "U4": "On a close, it forgets the connection with that client.",
    "U5": "On the tracker's stop, the thread ends, and the client with it.",
    "T1": "The tracker receives every client's metadata and records which files exist and who seeds each.",
    "T2": "When all clients have reported, it sends every client the signal: the first barrier.",
    "T3": "It receives every client's metadata request and answers it.",
    "T4": "When all clients have asked, it sends every client the synchronisation signal: the second barrier.",
    "T5": "From then on, it serves messages as they come.",
    "T6": "A request for a file's swarm makes the client a peer of the file; the answer lists its seeds and peers.",
    "T7": "When a client reports that it has the whole file, it turns from a peer into a seed of it.",
    "T8": "When a client reports that it has everything it wanted, it is marked as finished. It stays a seed.",
    "T9": "When all clients have finished, the tracker sends every client a stop, then stops itself.",
}
"""Step number to its text, in the protocol's order: the client, its two threads, the tracker."""
