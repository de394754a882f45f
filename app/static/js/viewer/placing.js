// Placing a mark: points are clicked, or brought under the cross with the arrow keys and put there with Enter.
import { anchor, unapply } from "./geometry.js";

const SIDES = { probe: "the probe", photo: "the photograph" };
const NEEDED = { point: 1, line: 2, region: 2 };

export class Placing {
  constructor(view, modes, marks, say) {
    Object.assign(this, { view, modes, marks, say, form: null, points: null, active: false });
    marks.pending = () => this.points && { kind: this.kind, ...this.points };
  }

  get kind() {
    return this.form.querySelector("[name$='-kind']:checked")?.value ?? "point";
  }

  get needed() {
    return NEEDED[this.kind];
  }

  /** Begin with a form: side by side, the first place on the probe. The page shows the original already. */
  begin(form) {
    Object.assign(this, { form, points: { probe: [], photo: [] }, left: new Set(["probe", "photo"]), active: true });
    this.modes.choose("side");
    this.modes.stage.classList.add("is-placing");
    this.modes.stage.focus();
    this.view.crossed = true;
    this.view.draw();
    this.ask("probe");
  }

  ask(side) {
    this.side = side;
    this.modes.stage.dataset.side = side;
    const which = this.needed > 1 ? `point ${this.points[side].length + 1} of ${this.needed}` : "one point";
    this.say(`Mark ${SIDES[side]}, ${which}: click, or bring it under the cross with the arrow keys and press Enter`);
  }

  /** Put a point where the pane has [x, y], or under its cross. */
  put(pane = this.view[this.side], at = anchor(this.view.box).centre) {
    if (!this.active) return;
    const [x, y] = unapply(this.view.whole(pane), at);
    const [width, height] = pane.shown.size;
    if (x < 0 || y < 0 || x > width || y > height) {
      this.say(`That lies outside ${SIDES[pane.side]}`);
      return;
    }
    const own = this.points[pane.side];
    if (own.length >= this.needed) own.length = 0;
    own.push([+x.toFixed(1), +y.toFixed(1)]);
    if (own.length < this.needed) this.ask(pane.side);
    else this.done(pane.side);
    this.write();
  }

  /** Leave the side that is asked for unmarked. */
  skip() {
    if (!this.active) return;
    this.points[this.side] = [];
    this.done(this.side);
    this.write();
  }

  unput() {
    if (!this.active) return;
    const side = this.points[this.side].length || this.side === "probe" ? this.side : "probe";
    this.points[side].pop();
    this.left.add(side);
    this.ask(side);
    this.write();
  }

  done(side) {
    this.left.delete(side);
    const [next] = this.left;
    if (next) {
      this.ask(next);
      return;
    }
    this.end("The places are marked: write what they show and save");
    this.form.querySelector("[name$='-note']").focus();
  }

  /** The places as the form sends them. */
  write() {
    for (const side of Object.keys(SIDES))
      ["first", "second"].forEach((which, index) => {
        this.form.querySelector(`[name$='-${side}_${which}']`).value = this.points[side][index]?.join(", ") ?? "";
      });
    this.form.dispatchEvent(new Event("input", { bubbles: true }));
    this.marks.draw();
  }

  end(words) {
    this.active = false;
    this.modes.stage.classList.remove("is-placing");
    this.view.crossed = false;
    this.view.draw();
    this.say(words);
  }

  stop() {
    if (!this.active) return;
    this.points = null;
    this.end("Marking stopped");
  }

  /** The list was sent anew: what was being placed is saved, or stands in the form again. */
  renewed() {
    this.points = null;
    this.active = false;
    this.view.crossed = false;
    this.modes.stage.classList.remove("is-placing");
    this.view.draw();
  }
}
