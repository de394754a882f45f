// Which pictures are shown: one of the person's photographs, and the original probe or the prepared image.
export class Photos {
  constructor(root, view, say) {
    Object.assign(this, { root, view, say, links: [...root.querySelectorAll("[data-photo]")] });
    for (const link of this.links)
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.choose(link.dataset.photo);
      });
  }

  /** Show another photograph; zoom, place, turn and mode stay, and the next mark is meant for it. */
  choose(key) {
    if (!this.view.photo.show(key)) return;
    for (const link of this.links)
      if (link.dataset.photo === key) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    const next = document.querySelector("[data-next] [name$='-photograph']");
    if (next) next.value = key;
    this.view.draw();
    this.say(this.view.photo.shown.label);
  }

  step(direction) {
    const keys = this.view.photo.layers.map((layer) => layer.key);
    const place = keys.indexOf(this.view.photo.shown.key) + direction;
    if (place < 0 || place >= keys.length) this.say(direction < 0 ? "This is the oldest" : "This is the newest");
    else this.choose(keys[place]);
  }

  get onPrepared() {
    return this.view.probe.shown.key === "prepared";
  }

  /** Show the prepared image, or the original again; a prepared one is never shown without saying what it is. */
  prepared(on) {
    if (!this.view.probe.show(on ? "prepared" : "original")) return;
    const warning = this.root.querySelector("[data-warning]"); // only where there is a prepared image
    if (warning) warning.hidden = !on;
    this.root.querySelector("[data-do='prepared']")?.setAttribute("aria-pressed", String(on));
    this.view.draw();
  }
}
