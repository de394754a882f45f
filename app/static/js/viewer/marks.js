// Numbered marks on both pictures, drawn from the list on the page; never on a prepared image.
import { scaleOf, turnOf } from "./geometry.js";

const SVG = "http://www.w3.org/2000/svg";

const shape = (name, attributes, text) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
};

/** A mark as SVG, in pixels of its picture under `map`; number and circle keep their size on the screen. */
const drawn = (mark, points, map) => {
  const scale = scaleOf(map);
  const [[x, y], [x2, y2]] = [points[0], points[points.length - 1]];
  const group = shape("g", { class: `cor-mark${mark.number ? "" : " is-new"}` });
  if (points.length === 1) group.append(shape("circle", { cx: x, cy: y, r: 8 / scale }));
  else if (mark.kind === "line") group.append(shape("line", { x1: x, y1: y, x2, y2 }));
  else {
    const size = { width: Math.abs(x2 - x), height: Math.abs(y2 - y) };
    group.append(shape("rect", { x: Math.min(x, x2), y: Math.min(y, y2), ...size }));
  }
  const upright = `translate(${x2} ${y2}) rotate(${-turnOf(map)}) scale(${1 / scale})`;
  if (mark.number) group.append(shape("text", { x: 11, y: -7, "font-size": 17, transform: upright }, mark.number));
  return group;
};

export class Marks {
  /** `list` is the id of the element whose items carry the marks; `pending` answers {kind, probe, photo} or nothing. */
  constructor(view, list) {
    Object.assign(this, { view, list, on: true, pending: () => undefined });
    view.changed.push(() => this.draw());
  }

  get standing() {
    const items = document.getElementById(this.list)?.querySelectorAll("[data-mark]") ?? [];
    return [...items].map((item) => JSON.parse(item.dataset.mark));
  }

  draw() {
    const marks = this.standing.filter((mark) => mark.photograph === this.view.photo.shown.key);
    const fresh = this.pending();
    for (const pane of this.view.panes) {
      const { shown } = pane;
      for (const layer of pane.layers) layer.drawn.replaceChildren();
      if (!this.on || this.view.probe.shown.key === "prepared") continue;
      const map = this.view.whole(pane);
      for (const mark of fresh ? [...marks, fresh] : marks)
        if (mark[pane.side].length) shown.drawn.append(drawn(mark, mark[pane.side], map));
    }
  }
}
