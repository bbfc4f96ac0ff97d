// The table of examples, the window that shows one of them, and those that go to paper.

const MOST_PRINTED = 50;
const LONGEST_PLACE = 34;

// Returns what a click elsewhere on the page may ask for: a class, a slice, or an example.
function startExamples(page) {
  const examples = readExamples(page);
  // The row that the tab key reaches; the arrow keys move it.
  let active = -1;
  const table = new Tabulator(byId("table"), {
    data: examples,
    index: "index",
    height: "75vh",
    rowHeight: 58,
    layout: "fitColumns",
    responsiveLayout: "hide",
    placeholder: "No example is left by this filter.",
    columnDefaults: { titleFormatter: headerButton, headerSortTristate: true, resizable: false, formatter: cell("") },
    columns: columns(page, examples),
    rowFormatter: (row) => {
      row.getElement().tabIndex = row.getIndex() === active ? 0 : -1;
    },
  });
  const filter = makeFilter(page, examples, refilter);
  const viewer = makeViewer(page, table, activate);

  function refilter() {
    table.setFilter((example) => filter.fits(example));
    const left = table.getRows("active");
    activate(left[0]);
    byId("status").textContent = `${number(left.length)} of ${number(examples.length)} examples`;
  }

  function activate(row) {
    const before = active >= 0 && table.getRow(active);
    active = row ? row.getIndex() : -1;
    if (before) before.getElement().tabIndex = -1;
    if (row) row.getElement().tabIndex = 0;
  }

  async function moveTo(row) {
    if (!row) return;
    activate(row);
    await focusRow(table, row);
  }

  table.on("tableBuilt", () => {
    table.element.querySelector(".tabulator-tableholder").tabIndex = -1;
    filter.update();
  });
  table.on("dataSorted", (sorters, rows) => activate(rows[0]));
  table.on("rowClick", (event, row) => {
    if (!window.getSelection().isCollapsed) return;
    activate(row);
    viewer.show(row);
  });
  table.element.addEventListener("keydown", (event) => {
    const row = event.target.classList.contains("tabulator-row") && table.getRow(event.target);
    if (!row) return;
    const left = () => table.getRows("active");
    const moves = {
      ArrowDown: () => moveTo(row.getNextRow()),
      ArrowUp: () => moveTo(row.getPrevRow()),
      Home: () => moveTo(left()[0]),
      End: () => moveTo(left().at(-1)),
      Enter: () => viewer.show(row),
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    moves[event.key]();
  });
  onPaper((printing) => {
    const left = printing ? table.getData("active") : [];
    const most = Math.min(left.length, MOST_PRINTED);
    const said = `The first ${number(most)} of ${number(left.length)} examples that the filter leaves.`;
    byId("printed").replaceChildren(
      element("p", { className: "small", textContent: said }),
      ...left.slice(0, most).map((example) => exampleNode(page, example)),
    );
  });

  return (asked) => {
    if (asked.open !== undefined) {
      const row = table.getRow(Number(asked.open));
      if (row) viewer.show(row);
      return;
    }
    filter.choose(asked);
    byId("examples").scrollIntoView();
    byId("examples").focus({ preventScroll: true });
  };
}

let wantedRow;

// A row that is far away enters the page only once the table has answered to being scrolled; by then
// another one may be wanted, or the focus be somewhere else.
async function focusRow(table, row) {
  wantedRow = row.getIndex();
  if (row.getElement().isConnected) row.getElement().focus({ preventScroll: true });
  await table.scrollToRow(row, "nearest", false);
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  await frame();
  const now = document.activeElement;
  const free = now === document.body || now.classList.contains("tabulator-row");
  if (free && wantedRow === row.getIndex()) row.getElement().focus();
}

function columns(page, examples) {
  const narrow = window.innerWidth < 736;
  const share = (example) => (example.score === null ? "" : `${(100 * example.score).toFixed(0)}%`);
  const all = [
    { title: "Class", field: "class", width: narrow ? 122 : 182, formatter: classCell(page), responsive: 0 },
    { title: "F1", field: "f1", width: narrow ? 60 : 70, sorter: "number", hozAlign: "right", responsive: 1, formatter: cell("n", (e) => e.f1.toFixed(0)) },
    { title: "Question", field: "question", minWidth: narrow ? 130 : 170, widthGrow: 3, responsive: 0, formatter: cell("strong") },
    { title: "Annotated", field: "annotated", minWidth: 130, widthGrow: 2, responsive: 2 },
    { title: "Predicted", field: "prediction", minWidth: 130, widthGrow: 2, responsive: 2 },
    { title: "Confidence", field: "score", width: 112, sorter: "number", hozAlign: "right", responsive: 3, formatter: cell("n", share) },
    // Line 9 comes before line 10: places are sorted by their order in the file.
    { title: "Source", field: "index", minWidth: 168, widthGrow: 1, sorter: "number", responsive: 4, formatter: cell("source", (e) => ending(e.origin || e.id)) },
  ]; // prettier-ignore
  return all.filter(({ field }) => field !== "score" || examples.some((example) => example.score !== null));
}

// Of a long path the end, which is what differs from row to row.
function ending(text) {
  return text.length > LONGEST_PLACE ? `…${text.slice(1 - LONGEST_PLACE)}` : text;
}

// A real button, so that a header can be reached and pressed without a mouse.
function headerButton(component) {
  return element("button", { type: "button", textContent: component.getColumn().getDefinition().title });
}

function cell(className, text) {
  return (component) => {
    const shown = text ? text(component.getData()) : component.getValue();
    return words("span", `cell ${className}`, String(shown));
  };
}

function classCell(page) {
  return (component) => {
    const name = component.getValue();
    return element("span", { className: "cell" }, element("span", { className: `dot ${page.classes[name][0]}` }), name);
  };
}

// A modal window: Escape closes it, the arrow keys go through the rows that the filter leaves.
function makeViewer(page, table, activate) {
  const dialog = byId("example");
  let row;

  function fill() {
    const left = table.getRows("active").map((one) => one.getIndex());
    const place = left.indexOf(row.getIndex());
    byId("place").textContent = place < 0 ? "Not among the filtered" : `${number(place + 1)} of ${number(left.length)}`;
    const neighbour = (step) => (place < 0 ? undefined : left[place + step]);
    for (const [id, step] of [["previous", -1], ["next", 1]]) {
      byId(id).disabled = neighbour(step) === undefined;
      byId(id).onclick = () => go(neighbour(step));
    }
    byId("shown").replaceChildren(exampleNode(page, row.getData()));
    byId("shown").scrollTop = 0;
    dialog.querySelector("mark")?.scrollIntoView({ block: "nearest" });
  }

  function go(index) {
    if (index === undefined) return;
    row = table.getRow(index);
    activate(row);
    fill();
  }

  dialog.addEventListener("keydown", (event) => {
    const button = { ArrowLeft: "previous", ArrowRight: "next" }[event.key];
    if (button) byId(button).click();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  byId("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", async () => {
    const listed = table.getRows("active").some((one) => one.getIndex() === row.getIndex());
    if (!listed || !table.element.contains(document.activeElement)) return;
    await focusRow(table, row);
  });

  return {
    show(asked) {
      row = asked;
      fill();
      dialog.showModal();
      byId("close").focus();
    },
  };
}
