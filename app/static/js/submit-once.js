// A form marked data-submit-once is sent once: its buttons rest until the answer, an error, or the back button.
(() => {
  "use strict";
  const buttons = (form) => form.querySelectorAll("button[type=submit]");

  const release = (form) => {
    delete form.dataset.sent;
    for (const button of buttons(form)) button.removeAttribute("aria-disabled");
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-submit-once]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.dataset.sent = "true";
    // aria-disabled, not disabled: a disabled button would not send its own name and value.
    for (const button of buttons(form)) button.setAttribute("aria-disabled", "true");
    window.setTimeout(() => release(form), 20000);
  }, true);

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form[data-submit-once]");
    if (form) release(form);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) release(form);
  });
})();
