// Draws each specification into its place. Colours are CSS variables, so a chart once drawn follows
// the colour scheme by itself.

async function drawCharts(page, pick) {
  // A narrow screen has no room for long labels.
  const labelLimit = window.innerWidth < 736 ? 135 : page.config.axis.labelLimit;
  const config = { ...page.config, axis: { ...page.config.axis, labelLimit } };
  for (const [name, drawn] of Object.entries(page.charts)) {
    const place = document.querySelector(`[data-chart="${name}"]`);
    const choice = document.querySelector(`[data-chooses="${name}"]`);
    if (!choice) {
      await drawChart(place, drawn, config, pick);
      continue;
    }
    let before;
    const chosen = async () => {
      before?.finalize();
      before = await drawChart(place, drawn[Number(choice.value)], config, pick);
    };
    choice.addEventListener("change", chosen);
    await chosen();
  }
}

async function drawChart(place, specification, config, pick) {
  const made = await vegaEmbed(place, specification, {
    config,
    // Without it Vega would compile expressions, which the page's policy forbids.
    ast: true,
    actions: false,
    defaultStyle: false,
    renderer: "svg",
    tooltip: showTip,
  });
  made.view.addEventListener("click", (event, item) => {
    const { class: name, this_class: now, other_class: was, facet, value, facet_2, value_2, open } = item?.datum ?? {};
    if (now) pick({ class: now, facet: "class in the other", value: was });
    else if (name) pick({ class: name });
    else if (facet !== undefined) pick({ facet, value, facet2: facet_2, value2: value_2 });
    else if (open !== undefined) pick({ open });
  });
  return made;
}

// Vega's own handler would bring a style sheet, which the policy forbids as well.
function showTip(handler, event, item, value) {
  const tip = byId("tip");
  tip.hidden = value === null || value === undefined || value === "";
  if (tip.hidden) return;
  tip.replaceChildren(
    ...Object.entries(value).map(([name, text]) =>
      element("p", {}, element("span", { textContent: name }), words("b", "", String(text))),
    ),
  );
  const { offsetWidth: width, offsetHeight: height } = tip;
  const left = Math.min(event.clientX + 14, document.documentElement.clientWidth - width - 8);
  const top = event.clientY + 14 + height > window.innerHeight ? event.clientY - height - 10 : event.clientY + 14;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${top}px`;
}
