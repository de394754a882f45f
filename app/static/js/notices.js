// Moves the focus to an error summary, and says in words when an htmx request got no usable answer. An error page of the
// portal takes the place of the whole page (HX-Retarget), whatever its status; of anybody else's 5xx nothing is shown.
(() => {
  "use strict";
  const focusSummary = (root) => root.querySelector?.("[data-focus]")?.focus();
  const isPage = (event) => event.detail.xhr.getResponseHeader("HX-Retarget") === "body";
  const isPoll = (event) => event.detail.requestConfig?.headers["X-Poll"] === "1";
  const SILENT = "The portal does not answer at the moment. This page asks again by itself.";

  const say = (text) => {
    const region = document.getElementById("messages");
    if (!region || region.textContent.trim() === text) return;
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
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isPage(event)) event.detail.shouldSwap = true;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    focusSummary(event.target);
    const region = document.getElementById("messages");
    if (isPoll(event) && region?.textContent.trim() === SILENT) region.replaceChildren();
  });
  document.addEventListener("htmx:sendError", (event) => {
    say(isPoll(event) ? SILENT : "The portal did not answer. Your last step may not have been saved.");
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status < 500 || isPage(event)) return;
    say(isPoll(event) ? SILENT : "The portal could not do this. Reload the page to see how it stands.");
  });
})();
