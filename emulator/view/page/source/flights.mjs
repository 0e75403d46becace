// Messages on their way at one moment. A download thread waits for one answer at a time, so there are few.

import { isQuestion } from "./messages.mjs";

const MOST_OF_A_LANE = 6;
const MAIN = 0;
const DOWNLOAD = 1;

// For each client its question, or the answer to it, that is on its way at `now`, or was less than `trail` ago. With
// `trail`, a flight that is shorter than that is drawn as if it took so long.
export function flightsAt(app, ranks, trail) {
  const flights = [];
  for (const rank of ranks) addFlights(app, 3 * rank + DOWNLOAD, trail, flights);
  addFlights(app, MAIN, trail, flights);
  return flights;
}

function addFlights({ run, index, mail, clock }, lane, trail, flights) {
  const events = index.ofLane(lane);
  let at = index.countOfLane(lane, clock.position - 1) - 1;
  for (let looked = 0; at >= 0 && looked < MOST_OF_A_LANE; at--, looked++) {
    const table = run.tableOf(events[at]);
    const sending = table.name === "Received" ? run.partner.at(events[at]) : events[at];
    const table2 = run.tableOf(sending);
    if (!table2.isSent) continue;
    add(run, clock, sending, trail, flights);
    if (table.isSent && isQuestion(table2)) {
      const answer = mail.answer(sending);
      if (answer >= 0 && answer < clock.position) add(run, clock, answer, trail, flights);
    }
    if (run.time.at(events[at]) < clock.now - trail && table.name === "Received") break;
  }
}

function add(run, clock, sending, trail, flights) {
  const sent = run.time.at(sending);
  const receipt = run.partner.at(sending);
  const isGone = receipt >= 0 && receipt < clock.position;
  const end = Math.max(receipt < 0 ? sent + trail : run.time.at(receipt), sent + trail);
  if ((isGone && end <= clock.now) || (receipt < 0 && end <= clock.now)) return;
  if (flights.some((flight) => flight.sending === sending)) return;
  const share = end > sent ? Math.min(1, (clock.now - sent) / (end - sent)) : 1;
  flights.push({ sending, from: run.rankOf(sending), to: run.number(sending, "other"), share, isLost: receipt < 0 });
}
