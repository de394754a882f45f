// data-undo="10": the button that takes the last step back goes after so many seconds; what it says stays, and so does
// the place it took, so that nothing moves under the hand.
(() => {
  "use strict";
  const end = (form) => {
    const button = form.querySelector("button");
    const focused = button === document.activeElement;
    button.disabled = true;
    button.classList.add("is-over");
    if (focused) (document.querySelector("[data-focus]") ?? document.getElementById("main")).focus();
  };
  for (const form of document.querySelectorAll("[data-undo]")) {
    window.setTimeout(() => end(form), Number(form.dataset.undo) * 1000);
  }
  // a page that comes back from the browser's memory offers nothing whose time may be over
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.querySelectorAll("[data-undo]")) end(form);
  });
})();
