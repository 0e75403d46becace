// A canvas that is sharp on every screen and knows the colours of the page.

const NAMES = ["ground", "card", "ink", "soft", "line", "faint", "accent", "peer", "seed", "owned", "tracker", "miss", "good", "bad", "other"];

let palette = null;

export function colours() {
  if (!palette) {
    const style = getComputedStyle(document.documentElement);
    palette = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    palette.size = Number.parseFloat(style.fontSize);
  }
  return palette;
}

// After the theme or the type size has changed.
export function forgetColours() {
  palette = null;
}

export class Surface {
  constructor(canvas, height) {
    this.canvas = canvas;
    this.wanted = height;
    this.context = canvas.getContext("2d");
    // The size of the canvas is asked for when it changes: to ask while drawing makes the browser lay out the page.
    this.isKnown = false;
    new ResizeObserver(() => (this.isKnown = false)).observe(canvas);
  }

  // An empty canvas as wide as its place; in CSS pixels from here on.
  begin(height = this.wanted) {
    const { canvas, context } = this;
    const ratio = window.devicePixelRatio || 1;
    if (height && height !== this.asked) {
      canvas.style.height = `${height}px`;
      this.asked = height;
      this.isKnown = false;
    }
    if (!this.isKnown) [this.width, this.height, this.isKnown] = [canvas.clientWidth, canvas.clientHeight, canvas.clientWidth > 0];
    const [width, high] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (canvas.width !== width || canvas.height !== high) [canvas.width, canvas.height] = [width, high];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    this.colours = colours();
    this.font();
    return context;
  }

  font(scale = 0.8, weight = "") {
    this.context.font = `${weight} ${Math.round(this.colours.size * scale)}px system-ui, sans-serif`;
  }

  text(text, x, y, { colour = this.colours.ink, align = "left", baseline = "middle", scale = 0.8, weight = "" } = {}) {
    const { context } = this;
    this.font(scale, weight);
    context.fillStyle = colour;
    context.textAlign = align;
    context.textBaseline = baseline;
    context.fillText(text, x, y);
  }

  line(x1, y1, x2, y2, colour, width = 1, dash = []) {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
    context.setLineDash([]);
  }

  // The head of an arrow that ends here.
  head(x1, y1, x2, y2, colour, size = 6) {
    const { context } = this;
    const angle = Math.atan2(y2 - y1, x2 - x1);
    context.fillStyle = colour;
    context.beginPath();
    context.moveTo(x2, y2);
    for (const turn of [-0.45, 0.45]) context.lineTo(x2 - size * Math.cos(angle + turn), y2 - size * Math.sin(angle + turn));
    context.closePath();
    context.fill();
  }

  dot(x, y, radius, fill, stroke) {
    const { context } = this;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    if (fill) {
      context.fillStyle = fill;
      context.fill();
    }
    if (stroke) {
      context.strokeStyle = stroke;
      context.stroke();
    }
  }

  // A text cut so that it fits.
  cut(text, width) {
    if (this.context.measureText(text).width <= width) return text;
    let end = text.length;
    while (end > 1 && this.context.measureText(`${text.slice(0, end)}…`).width > width) end = Math.floor(end * 0.85);
    return `${text.slice(0, end)}…`;
  }
}
