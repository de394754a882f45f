// The viewer's keys as its page lists them (app/blueprints/review/viewer_keys.py): key -> command of commands.js.
const PLAIN = { "=": "+", "−": "-", " ": "Space" };
const nameOf = (event) => PLAIN[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key);

/** The keys of this viewer; those of what it does not have leave its help. */
export const readKeys = (list, has) => {
  const commands = new Map();
  for (const row of list.querySelectorAll("[data-press]")) {
    if (row.dataset.only && !has[row.dataset.only]) {
      row.remove();
      continue;
    }
    const does = row.dataset.runs.split(" ");
    row.dataset.press.split(" ").forEach((key, index) => commands.set(key, does[index] ?? does[0]));
  }
  return commands;
};

/** The command of a key event, or nothing. Beside the photographs only what prints a character counts: Space, Enter
    and the arrows belong to the button, the slider or the link that has the focus there. */
export const commandOf = (event, commands, stage) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return undefined;
  if (event.target.closest("dialog")) return undefined;
  const key = nameOf(event);
  if (event.target !== stage && key.length !== 1) return undefined;
  return commands.get(key);
};
