// The status line of an autosave says one sentence, whatever comes back: what the portal marked as its own sentence
// (X-Draft), or what its status means. Never a page: not that of a refusal, not the sign-in form of an ended session.
(() => {
  "use strict";
  const stateOf = (event) => event.target.closest?.("[data-draft]");
  const LATER = "It is tried again at your next change.";
  const ENDED = "Not saved: your session ended. Sign in again in another window; what you typed stays here.";
  const CLOSED = "Not saved: this form is no longer open to you.";
  const endings = {
    400: ENDED,
    401: ENDED,
    403: CLOSED,
    404: CLOSED,
    409: "Not saved: this was recorded or closed meanwhile.",
    413: "Not saved: it is too long.",
    429: `Not saved: the portal has too much to do. ${LATER}`,
  };
  const silent = `Not saved: the portal does not answer. ${LATER}`;
  const sentenceFor = (status) => {
    if (endings[status]) return endings[status];
    if (status >= 500) return silent;
    // a page instead of an answer: the request was led to the sign-in form or to the terms
    return status < 400 ? ENDED : `Not saved: the portal did not take it. ${LATER}`;
  };
  const say = (state, words) => {
    const line = document.createElement("span");
    line.className = "cor-draft__fault";
    line.textContent = words;
    state.replaceChildren(line);
  };

  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const state = stateOf(event);
    const { xhr } = event.detail;
    if (!state || xhr.getResponseHeader("X-Draft")) return;
    event.preventDefault();
    say(state, sentenceFor(xhr.status));
  });
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, (event) => {
      const state = stateOf(event);
      if (!state) return;
      event.stopImmediatePropagation(); // said here, beside the form; not a second time at the top of the page
      say(state, silent);
    });
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    const state = stateOf(event);
    if (state && event.detail.successful && event.detail.xhr.getResponseHeader("X-Draft") === "kept") {
      state.closest("form").dispatchEvent(new CustomEvent("cor:kept", { bubbles: true }));
    }
  });
})();
