// What each key and button does: name -> function. `event` is there for the arrow keys, which say where to.
const PAN = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const pressed = (root, name, on) =>
  root.querySelector(`[data-do='${name}']`)?.setAttribute("aria-pressed", String(on));

export const commandsOf = ({ root, view, modes, marks, placing, photos, help, say }) => {
  const toggled = (name, cls, words) => () => {
    const on = root.classList.toggle(cls);
    pressed(root, name, on);
    say(`${words} ${on ? "on" : "off"}`);
  };
  const told = (action) => () => {
    action();
    say(view.words);
  };
  const commands = {
    "zoom-in": told(() => view.closer(1.25)),
    "zoom-out": told(() => view.closer(1 / 1.25)),
    "turn-left": told(() => view.rotate(-1)),
    "turn-right": told(() => view.rotate(1)),
    "turn-far-left": told(() => view.rotate(-10)),
    "turn-far-right": told(() => view.rotate(10)),
    pixels: told(() => view.pixels()),
    pan: (event) => {
      const [x, y] = PAN[event.key];
      const far = (event.shiftKey ? 0.5 : 0.1) / Math.max(1, view.zoom / 4);
      view.pan(-x * far, -y * far);
    },
    reset: told(() => {
      view.home();
      view.draw();
    }),
    level: () => {
      view.level = !view.level;
      pressed(root, "level", view.level);
      view.draw();
      say(view.level ? "Eyes level" : "As photographed");
    },
    grid: () => {
      view.grid = !view.grid;
      pressed(root, "grid", view.grid);
      view.draw();
      say(`Grid ${view.grid ? "on" : "off"}`);
    },
    grey: toggled("grey", "is-grey", "Shades of grey"),
    invert: toggled("invert", "is-inverted", "Negative"),
    marks: () => {
      marks.on = !marks.on;
      pressed(root, "marks", marks.on);
      marks.draw();
      say(`Marked places ${marks.on ? "shown" : "hidden"}`);
    },
    prepared: () => {
      if (placing.active) return;
      photos.prepared(!photos.onPrepared);
      say(photos.onPrepared ? "Prepared image; the comparison is made on the original" : "Original probe");
    },
    earlier: () => photos.step(-1),
    later: () => photos.step(1),
    less: () => modes.step(-1),
    more: () => modes.step(1),
    pause: () => modes.pause(),
    mark: () => placing.open(),
    put: () => placing.put(),
    skip: () => placing.skip(),
    unput: () => placing.unput(),
    stop: () => placing.stop(),
    help: () => help.showModal(),
  };
  for (const mode of ["side", "columns", "rows", "overlay", "flicker"])
    commands[`mode:${mode}`] = () => {
      if (placing.active && mode !== "side") placing.stop();
      modes.choose(mode);
    };
  return commands;
};
