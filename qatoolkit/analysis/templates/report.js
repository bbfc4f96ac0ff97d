// Filters the rows of the examples table. Reads the page, never writes markup into it.
"use strict";
(() => {
  const rows = [...document.querySelectorAll("#rows > tr")];
  if (rows.length === 0) return;
  const search = document.getElementById("search");
  const status = document.getElementById("status");
  const chips = [...document.querySelectorAll(".chips button")];
  const texts = rows.map((row) => row.textContent.toLocaleLowerCase());
  let shownClass = "";

  function update() {
    const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      const fits =
        (shownClass === "" || row.dataset.class === shownClass) &&
        words.every((word) => texts[i].includes(word));
      row.hidden = !fits;
      if (fits) shown += 1;
    });
    status.textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
  }

  function choose(name) {
    shownClass = name;
    chips.forEach((chip) => chip.setAttribute("aria-pressed", String(chip.dataset.class === name)));
    update();
  }

  chips.forEach((chip) =>
    chip.addEventListener("click", () => choose(chip.dataset.class === shownClass ? "" : chip.dataset.class)),
  );
  document
    .querySelectorAll("[data-show]")
    .forEach((link) => link.addEventListener("click", () => choose(link.dataset.show)));
  search.addEventListener("input", update);
  document.querySelector(".controls").hidden = false;
  update();
})();
