// Moves the focus to an error summary, and says in words when an htmx request got no usable answer.
(() => {
  "use strict";
  const focusSummary = (root) => root.querySelector?.("[data-focus]")?.focus();

  const say = (text) => {
    const region = document.getElementById("messages");
    if (!region) return;
    const alert = document.createElement("div");
    alert.className = "usa-alert usa-alert--error usa-alert--slim";
    const body = document.createElement("div");
    body.className = "usa-alert__body";
    const line = document.createElement("p");
    line.className = "usa-alert__text";
    line.textContent = text;
    body.append(line);
    alert.append(body);
    region.replaceChildren(alert);
  };

  document.addEventListener("DOMContentLoaded", () => focusSummary(document));
  document.addEventListener("htmx:afterSwap", (event) => focusSummary(event.target));
  document.addEventListener("htmx:sendError", () => say("The portal did not answer. Your last step may not have been saved."));
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status >= 500) say("The portal could not do this. Reload the page to see how it stands.");
  });
})();
