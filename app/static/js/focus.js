// A part that htmx replaces while the focus is in it: the same control has the focus afterwards, or else the part itself.
// htmx does so only for what has an id, and a button that rests while its form is sent loses the focus before the swap.
(() => {
  "use strict";
  const held = new WeakMap();
  const hold = (event) => {
    const { xhr, target } = event.detail;
    if (target?.contains(document.activeElement) && document.activeElement !== document.body) {
      held.set(xhr, document.activeElement);
    }
  };
  const alike = (part, element) =>
    element.name &&
    [...part.querySelectorAll("button, input, select, textarea")].find(
      (one) => one.name === element.name && one.value === element.value && !one.disabled && one.type !== "hidden",
    );

  document.addEventListener("htmx:beforeRequest", hold);
  document.addEventListener("htmx:beforeSwap", hold);
  document.addEventListener("htmx:afterSwap", (event) => {
    const before = held.get(event.detail.xhr);
    if (!before || document.activeElement !== document.body) return;
    // a whole page in place of this one begins with its main part
    const part = event.target === document.body ? document.getElementById("main") : event.target;
    if (!part?.isConnected) return;
    const same = alike(part, before);
    if (!same && !part.hasAttribute("tabindex")) part.tabIndex = -1;
    (same || part).focus();
  });
})();
