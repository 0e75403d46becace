// What the checker says: the verdict on every rule, and each violation with a way to its moment.

import { element } from "./dom.mjs";
import { count, plural, printable } from "./words.mjs";

const SIGNS = { valid: "✓ valid", invalid: "✗ invalid", unknown: "? unknown", "not exercised": "– not exercised" };

export class RulesView {
  constructor(app, place) {
    this.app = app;
    this.place = place;
    this.drawn = null;
  }

  tell() {
    const { report } = this.app.run;
    if (this.drawn === report) return;
    this.drawn = report;
    if (!report) {
      this.place.replaceChildren(element("p", {}, "The checker judges a run when it has ended."));
      return;
    }
    const counts = new Map();
    for (const rule of report.rules) counts.set(rule.verdict, (counts.get(rule.verdict) ?? 0) + 1);
    const sums = [...counts].map(([verdict, number]) => `${number} ${verdict}`).join(", ");
    this.place.replaceChildren(
      element("p", {}, verdictOf(report.verdict), ` ${plural(report.rules.length, "rule")}: ${sums}, over ${count(report.num_events)} events; the trace is ${printable(report.end)}.`),
      ...this.violations(),
      this.table(report.rules),
    );
  }

  violations() {
    return this.app.index.violations.map((found) =>
      element(
        "div",
        { class: "violation" },
        element("strong", {}, found.rule.rule),
        " (",
        ...this.app.steps(found.rule.steps),
        "): ",
        printable(found.text),
        found.count > 1 ? ` (${plural(found.count, "time")})` : "",
        found.expected ? element("span", {}, ` Instead: ${printable(found.expected)}.`) : "",
        " ",
        this.app.positionButton(found.position, found.lines.length ? `show its moment (line ${found.lines.at(-1)})` : "show the end"),
      ),
    );
  }

  table(rules) {
    const rows = rules.map((rule) =>
      element(
        "tr",
        {},
        element("td", { class: "text" }, verdictOf(rule.verdict)),
        element("td", { class: "text" }, rule.rule),
        element("td", { class: "text" }, ...this.app.steps(rule.steps)),
        element("td", { class: "text" }, rule.text, rule.reason ? element("em", {}, ` ${printable(rule.reason)}`) : "", rule.num_violations ? ` ${plural(rule.num_violations, "violation")}.` : ""),
      ),
    );
    const heads = ["verdict", "rule", "steps", "what must be true"].map((text) => element("th", { class: "text", scope: "col" }, text));
    return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All rules" }, element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows)));
  }
}

export function verdictOf(verdict) {
  return element("span", { class: `verdict ${verdict.replace(" ", "-")}` }, SIGNS[verdict] ?? verdict);
}
