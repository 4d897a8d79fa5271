// Buttons that copy a text of the page. Where the browser lets no page do that, they are not there.
"use strict";

for (const button of document.querySelectorAll("button[data-copies]")) {
  const text = document.getElementById(button.dataset.copies);
  const state = button.nextElementSibling;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      state.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      state.textContent = "The browser does not let the page copy. The text is selected: copy it yourself.";
    }
  });
}
