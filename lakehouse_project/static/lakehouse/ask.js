// Ctrl+Enter (on a Mac Cmd+Enter) runs the query.
"use strict";
document.getElementById("sql").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    const form = document.getElementById("ask");
    form.requestSubmit(form.querySelector("button[value=run]"));
  }
});
