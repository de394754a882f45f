// A field with data-limit says how many characters are left once few are, and how many are too many: by its limit line
// (id "<field>-limit"), on the page as it loads and in every part that htmx swaps in. Nothing is cut; the server refuses.
(() => {
  "use strict";
  const NEAR = 0.2;
  const marked = new WeakSet();
  const plural = (count) => `${count.toLocaleString("en-US")} character${count === 1 ? "" : "s"}`;

  const count = (field) => {
    const line = document.getElementById(`${field.id}-limit`);
    if (!line) return;
    const limit = Number(field.dataset.limit);
    // as the server counts: characters, without the space around them
    const left = limit - [...field.value.trim()].length;
    const over = left < 0;
    line.hidden = left > limit * NEAR;
    if (over) line.textContent = `${plural(-left)} too many`;
    else line.textContent = line.hidden ? `At most ${plural(limit)}` : `${plural(left)} left`;
    line.classList.toggle("cor-limit--over", over);
    if (over && field.getAttribute("aria-invalid") !== "true") {
      field.setAttribute("aria-invalid", "true");
      marked.add(field);
    } else if (!over && marked.delete(field)) field.removeAttribute("aria-invalid");
  };
  const countAll = (root) => {
    if (root.matches?.("[data-limit]")) count(root);
    for (const field of root.querySelectorAll?.("[data-limit]") ?? []) count(field);
  };

  // whoever does not see the line hears it once they pause, and hears "too many" whatever they go on with
  const said = document.createElement("span");
  said.className = "usa-sr-only";
  said.setAttribute("role", "status");
  let waiting;
  const announce = (field) => {
    const line = document.getElementById(`${field.id}-limit`);
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (!said.isConnected) document.body.append(said);
      const words = line?.isConnected && !line.hidden ? line.textContent : "";
      if (said.textContent !== words) said.textContent = words;
    }, 1000);
  };

  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-limit]")) return;
    count(event.target);
    announce(event.target);
  });
  document.addEventListener("DOMContentLoaded", () => countAll(document));
  document.addEventListener("htmx:load", (event) => countAll(event.detail.elt));
  window.addEventListener("pageshow", () => countAll(document));
})();
