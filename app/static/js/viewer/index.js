// Brings every comparison viewer of the page to life. Without this file two still pictures stand there.
import { commandsOf } from "./commands.js";
import { commandOf, readKeys } from "./keys.js";
import { Marks } from "./marks.js";
import { Modes } from "./modes.js";
import { Photos } from "./photos.js";
import { Placing } from "./placing.js";
import { listen } from "./pointer.js";
import { View } from "./view.js";

/** The form of the next mark, its fold opened. */
const nextForm = () => {
  const fold = document.querySelector("#marks [data-next]");
  if (fold) fold.open = true;
  return fold?.querySelector("form");
};

/** Marks are placed through the forms below the viewer, which come anew after each change. */
const attachForms = (placing, photos, stage) => {
  placing.open = (form = nextForm()) => {
    if (!form) return;
    const photograph = form.querySelector("[name$='-photograph']");
    if (photograph?.value) photos.choose(photograph.value);
    photos.prepared(false);
    placing.begin(form);
  };
  const ready = () => {
    for (const button of document.querySelectorAll("#marks [data-place]")) button.hidden = false;
  };
  ready();
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#marks [data-place]");
    if (button) placing.open(button.closest("form"));
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("#marks [name$='-photograph']")) photos.choose(event.target.value);
    if (placing.active && event.target.matches("#marks [name$='-kind']")) placing.begin(placing.form);
  });
  document.addEventListener("htmx:afterSwap", () => {
    ready();
    placing.renewed();
    const shown = photos.view.photo.shown.key;
    const next = document.querySelector("#marks [data-next] [name$='-photograph']");
    if (next) next.value = shown;
    if (!document.querySelector("#marks [aria-invalid], #marks [role=alert]")) stage.focus({ preventScroll: true });
  });
};

const start = (root) => {
  root.classList.add("is-live");
  root.querySelector("[data-bar]").hidden = false;
  const status = root.querySelector("[data-status]");
  const say = (words) => {
    status.textContent = words;
  };
  const view = new View(root);
  const modes = new Modes(root, say);
  const { stage } = modes;
  stage.tabIndex = 0;
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-label", "Probe and photograph. The question mark key lists the keys.");
  const marks = new Marks(view, root.dataset.marks);
  const placing = new Placing(view, modes, marks, say);
  const photos = new Photos(root, view, say);
  const help = root.querySelector("[data-help]");
  const markable = root.dataset.marks === "marks" && document.querySelector("#marks [data-next]") !== null;
  placing.open = () => {};
  if (markable) attachForms(placing, photos, stage);
  const has = {
    place: markable, strip: photos.links.length > 1, prepared: view.probe.layers.length > 1,
    marks: root.querySelector("[data-do='marks']") !== null,
  };
  const keys = readKeys(root.querySelector("[data-keylist]"), has);
  help.querySelector("[data-close]").addEventListener("click", () => help.close());
  const commands = commandsOf({ root, view, modes, marks, placing, photos, help, say });
  root.querySelector("[data-bar]").addEventListener("click", (event) => {
    commands[event.target.closest("[data-do]")?.dataset.do]?.(event);
  });
  root.addEventListener("keydown", (event) => {
    const command = commands[commandOf(event, keys, stage)];
    if (!command) return;
    event.preventDefault();
    command(event);
  });
  listen(view, modes, placing);
  modes.set("split", 50);
  modes.set("opacity", 50);
  view.draw();
};

for (const root of document.querySelectorAll("[data-viewer]")) start(root);
