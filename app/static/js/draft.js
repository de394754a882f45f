// A draft that was kept no longer counts as unsent; one that was not, because the session ended, must not send the page
// to the sign-in form with the last words still in it.
(() => {
  "use strict";
  const stateOf = (event) => event.target.closest?.("[data-draft]");

  const endings = {
    400: "Not saved: your session ended. Sign in again in another window; what you typed stays here.",
    401: "Not saved: your session ended. Sign in again in another window; what you typed stays here.",
    403: "Not saved: this form is no longer open to you.",
    404: "Not saved: this form is no longer open to you.",
    409: "Not saved: this was recorded or closed meanwhile.",
  };
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const state = stateOf(event);
    const status = event.detail.xhr.status;
    if (!state || status === 200 || status === 422) return;
    event.preventDefault();
    state.textContent = endings[status] ?? "Not saved: the portal does not answer. It is tried again at your next change.";
  });
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, (event) => {
      const state = stateOf(event);
      if (state) state.textContent = "Not saved: the portal does not answer. It is tried again at your next change.";
    });
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    const state = stateOf(event);
    if (state && event.detail.successful) {
      state.closest("form").dispatchEvent(new CustomEvent("cor:kept", { bubbles: true }));
    }
  });
})();
