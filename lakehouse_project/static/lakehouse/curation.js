// A box that selects all boxes of its form with the name that it says.
document.addEventListener("change", ({ target }) => {
  if (!target.dataset.selects) return;
  for (const box of target.form.querySelectorAll(`[name=${target.dataset.selects}]`)) box.checked = target.checked;
});
