// The mouse or a finger on the pictures: drag moves both, the wheel zooms at its place, a click puts a point.
import { anchor } from "./geometry.js";

const STILL = 4; // pixels a press may wander and still be a click

export const listen = (view, modes, placing) => {
  const { stage } = modes;
  for (const pane of view.panes) {
    const { svg } = pane;
    let from = null;
    let moved = 0;
    const at = (event) => {
      const box = svg.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      from = at(event);
      moved = 0;
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", (event) => {
      if (!from) return;
      const now = at(event);
      const { apart } = anchor(view.box);
      moved += Math.hypot(now[0] - from[0], now[1] - from[1]);
      if (moved > STILL) view.pan((now[0] - from[0]) / apart, (now[1] - from[1]) / apart);
      from = now;
    });
    svg.addEventListener("pointerup", (event) => {
      if (from && moved <= STILL && placing.active) placing.put(pane, at(event));
      from = null;
    });
    svg.addEventListener("pointercancel", () => {
      from = null;
    });
    svg.addEventListener(
      "wheel",
      (event) => {
        // the page scrolls on until the photographs have the focus, so that nobody gets stuck in them
        if (!event.ctrlKey && !stage.contains(document.activeElement)) return;
        event.preventDefault();
        view.closer(event.deltaY < 0 ? 1.1 : 1 / 1.1, at(event));
      },
      { passive: false },
    );
  }
};
