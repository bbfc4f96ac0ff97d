// Unpacks what the page carries, draws the charts, and starts the table where there is one.
// Text of a corpus only ever becomes `textContent`; nothing here writes markup.

const byId = (id) => document.getElementById(id);

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

// Text of the user, in its own direction.
function words(tag, className, text) {
  return element(tag, { className, dir: "auto", textContent: text });
}

const number = (value) => value.toLocaleString("en");

async function unpacked() {
  const bytes = Uint8Array.from(atob(byId("data").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

async function start() {
  if (!("DecompressionStream" in window)) {
    byId("too-old").hidden = false;
    return;
  }
  const page = await unpacked();
  document.documentElement.classList.add("js");
  const pick = byId("table") ? startExamples(page) : () => {};
  document.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-class], [data-facet], [data-open]");
    if (asked) pick({ ...asked.dataset });
  });
  openOnPaper();
  await drawCharts(page, pick);
  document.documentElement.dataset.ready = "yes";
}

// Calls back with true before printing and with false after it. Browsers tell in one of two ways.
function onPaper(callback) {
  matchMedia("print").addEventListener("change", (paper) => callback(paper.matches));
  window.addEventListener("beforeprint", () => callback(true));
  window.addEventListener("afterprint", () => callback(false));
}

// Paper cannot be clicked: what is folded on the screen is open there.
function openOnPaper() {
  const opened = new Set();
  onPaper((printing) => {
    if (printing) document.querySelectorAll("details:not([open])").forEach((part) => opened.add(part));
    opened.forEach((part) => (part.open = printing));
    if (!printing) opened.clear();
  });
}
