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
  openWhenPrinting();
  await drawCharts(page, pick);
  document.documentElement.dataset.ready = "yes";
}

// Paper cannot be clicked: what is folded on the screen is open there.
function openWhenPrinting() {
  let opened = [];
  matchMedia("print").addEventListener("change", (paper) => {
    if (paper.matches) opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((part) => (part.open = paper.matches));
  });
}
