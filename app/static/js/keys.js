// data-key="1" on a link, button, radio or field inside a data-keys scope: that key chooses it while the focus is in
// the scope (WCAG 2.1.4: no single-key shortcut elsewhere), never with a modifier and never while someone is typing.
// data-keys="worksheet" names the scope; a data-keyboard line says in words whose keys work now.
(() => {
  "use strict";
  const typing = (element) =>
    element.isContentEditable ||
    element.matches("textarea, select, input:not([type=radio]):not([type=checkbox]):not([type=button]):not([type=submit]):not([type=range])");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    if (typing(event.target) || event.key.length !== 1) return;
    const key = CSS.escape(event.key.toLowerCase());
    const scope = event.target.closest("[data-keys]");
    const chosen = scope?.querySelector(`[data-key="${key}"]:not(:disabled)`);
    if (!chosen) return;
    event.preventDefault();
    chosen.focus();
    if (chosen.matches("a, button, summary, input[type=radio], input[type=checkbox]")) chosen.click();
  });

  const whose = (line) => {
    const at = document.activeElement ?? document.body;
    if (typing(at)) return "typing, letters are text";
    if (line.closest("[data-viewer]")?.contains(at)) return "viewer";
    const scope = at.closest("[data-keys]");
    if (scope) return scope.dataset.keys || "this page";
    return "off; click the photographs or a form, or press Tab, and its keys work";
  };
  const tell = () => {
    for (const line of document.querySelectorAll("[data-keyboard]")) line.textContent = `Keyboard: ${whose(line)}`;
  };
  document.addEventListener("focusin", tell);
  document.addEventListener("focusout", () => window.setTimeout(tell));
  document.addEventListener("DOMContentLoaded", tell);
})();
