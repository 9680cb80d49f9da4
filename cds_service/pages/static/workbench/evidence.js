// From the reasons to the entries of the chart they rest on.

/** Mark the entries of the chart that the reasoning rests on. */
export function markUsed() {
  for (const link of document.querySelectorAll("#reasons a[data-show]")) {
    document.getElementById(link.getAttribute("data-show") ?? "")?.classList.add("used");
  }
}

/**
 * Lead from a piece of evidence to its entry in the chart.
 * @param {string} id
 */
export function show(id) {
  const row = document.getElementById(id);
  if (!row) return;
  for (const each of document.querySelectorAll(".shown")) each.classList.remove("shown");
  row.closest("details")?.setAttribute("open", "");
  row.classList.add("shown");
  row.scrollIntoView({ block: "center" });
  row.querySelector("summary")?.focus({ preventScroll: true });
}
