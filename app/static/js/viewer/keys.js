// The viewer's keys: one list for what they do and for what the help says. `do` is a command of commands.js.
export const KEYS = [
  { keys: ["1"], do: "mode:side", says: "Side by side" },
  { keys: ["2"], do: "mode:columns", says: "Split, probe left, photograph right" },
  { keys: ["3"], do: "mode:rows", says: "Split, probe above, photograph below" },
  { keys: ["4"], do: "mode:overlay", says: "Overlay, the photograph over the probe" },
  { keys: ["5"], do: "mode:flicker", says: "Flicker between the two" },
  { keys: ["J", "K"], do: "less", also: "more", says: "Move the split, thin or thicken the overlay, step the flicker" },
  { keys: ["Space"], do: "pause", says: "Stop or start the flicker" },
  { keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], do: "pan", says: "Move both; with Shift further" },
  { keys: ["+", "-"], do: "zoom-in", also: "zoom-out", says: "Closer, farther; also the wheel" },
  { keys: ["9"], do: "pixels", says: "One pixel of the probe for one of the screen" },
  { keys: ["[", "]"], do: "turn-left", also: "turn-right", says: "Turn both about the eyes by 1°" },
  { keys: ["{", "}"], do: "turn-far-left", also: "turn-far-right", says: "Turn both about the eyes by 10°" },
  { keys: ["L"], do: "level", says: "Eyes level, or as photographed" },
  { keys: ["0"], do: "reset", says: "Back to the start: zoom, place and turn" },
  { keys: ["G"], do: "grid", says: "Grid" },
  { keys: ["C"], do: "grey", says: "Shades of grey" },
  { keys: ["I"], do: "invert", says: "Negative" },
  { keys: ["M"], do: "marks", says: "Show or hide the marks", where: "marks" },
  { keys: ["P"], do: "prepared", says: "Original or prepared image", where: "prepared" },
  { keys: [",", "."], do: "earlier", also: "later", says: "Earlier, later photograph; the view stays", where: "strip" },
  { keys: ["N"], do: "mark", says: "Mark a place on both", where: "place" },
  { keys: ["Enter"], do: "put", says: "While marking: put the point at the cross", where: "place" },
  { keys: ["X"], do: "skip", says: "While marking: leave this photograph unmarked", where: "place" },
  { keys: ["Backspace"], do: "unput", says: "While marking: take the last point away", where: "place" },
  { keys: ["Escape"], do: "stop", says: "Stop marking", where: "place" },
  { keys: ["?"], do: "help", says: "These keys" },
];

const SHOWN = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", "-": "−" };
const PLAIN = { "=": "+", "−": "-", " ": "Space" };

/** The command of a key event, or nothing. */
export const commandOf = (event) => {
  const key = PLAIN[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key);
  const row = KEYS.find((one) => one.keys.includes(key));
  if (!row) return undefined;
  return row.also && row.keys.indexOf(key) === 1 ? row.also : row.do;
};

/** Write the help: only the keys of what this viewer has. */
export const writeHelp = (list, has) => {
  for (const row of KEYS) {
    if (row.where && !has(row.where)) continue;
    const group = document.createElement("div");
    const term = document.createElement("dt");
    for (const key of row.keys) {
      const cap = document.createElement("kbd");
      cap.className = "cor-kbd";
      cap.textContent = SHOWN[key] ?? key;
      term.append(cap, " ");
    }
    const says = document.createElement("dd");
    says.textContent = row.says;
    group.append(term, says);
    list.append(group);
  }
};
