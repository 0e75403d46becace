// A small text beside the pointer, or beside what has the focus.

import { setText } from "./dom.mjs";

const GAP = 14;

export class Tip {
  constructor(place) {
    this.place = place;
  }

  // At a pointer's event; no event, or no text, takes it away.
  show(event, text) {
    if (event && text) this.showAt(event.clientX, event.clientY, text);
    else this.place.hidden = true;
  }

  showAt(x, y, text) {
    const { place } = this;
    setText(place, text);
    place.hidden = false;
    place.style.left = `${Math.max(4, Math.min(x + GAP, window.innerWidth - place.offsetWidth - 8))}px`;
    const below = y + GAP;
    place.style.top = `${below + place.offsetHeight > window.innerHeight ? Math.max(4, y - place.offsetHeight - GAP) : below}px`;
  }

  // Say this of an element when it is pointed at, has the focus, or is tapped.
  attach(element, text) {
    const show = () => {
      const box = element.getBoundingClientRect();
      this.showAt(box.left, box.bottom - GAP / 2, text);
    };
    const hide = () => (this.place.hidden = true);
    for (const [event, action] of Object.entries({ mouseenter: show, focus: show, click: show, mouseleave: hide, blur: hide })) {
      element.addEventListener(event, action);
    }
  }
}
