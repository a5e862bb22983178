"use strict";
(() => {
  const root = document.documentElement, all = (query, from = document) => [...from.querySelectorAll(query)];
  root.classList.add("js");

  // One seed at a time: everything that carries data-seed follows the switch.
  const seeds = [...new Set(all("[data-seed]").map((part) => part.dataset.seed))];
  const bar = document.querySelector("[data-switch]");
  function pick(seed) {
    for (const part of all("[data-seed]")) {
      part.classList.toggle("other", part.dataset.seed !== seed);
      part.classList.remove("later");
    }
    for (const button of all("button", bar)) button.setAttribute("aria-pressed", String(button.dataset.pick === seed));
    filter();
  }
  if (seeds.length > 1) {
    bar.hidden = false;
    bar.append("Seed");
    for (const seed of seeds) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: seed });
      button.dataset.pick = seed;
      button.addEventListener("click", () => pick(seed));
      bar.append(button);
    }
  }

  // Countries: filter, search, sort; a row opens its card below it.
  const table = document.querySelector("[data-sortable]"), form = document.querySelector("[data-filters]");
  const rows = table ? all("tbody tr[data-iso]", table) : [];
  function filter() {
    if (!form) return;
    close();
    const { words, cohort, behind } = form.elements, wanted = words.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = row.textContent.toLowerCase().includes(wanted)
        && (!cohort.value || row.dataset.cohort.split(" ").includes(cohort.value))
        && (!behind.value || row.dataset.behind.split(" ").includes(behind.value));
      row.hidden = !fits;
      shown += fits && !row.parentElement.classList.contains("other");
    }
    form.querySelector("output").textContent = shown === 1 ? "1 country" : `${shown} countries`;
  }
  function value(row, column) {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  }
  function sort(head, column) {
    close();
    const down = head.getAttribute("aria-sort") !== "descending" && head.classList.contains("n")
      || head.getAttribute("aria-sort") === "ascending";
    for (const other of all("th", table.tHead)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    for (const body of table.tBodies) {
      const ordered = [...body.rows].sort((a, b) => {
        const [x, y] = [value(a, column), value(b, column)];
        return (typeof x === "number" ? x - y : x.localeCompare(y)) * (down ? -1 : 1);
      });
      body.append(...ordered);
    }
  }
  let opened = null;
  function close() {
    if (!opened) return;
    opened.card.open = false;
    opened.home.before(opened.card);
    opened.home.remove();
    opened.row.remove();
    opened.link.setAttribute("aria-expanded", "false");
    opened = null;
  }
  function open(link) {
    const again = opened && opened.link === link;
    close();
    if (again) return;
    const card = document.querySelector(link.getAttribute("href")), home = document.createComment("card");
    if (!card) return;
    const row = document.createElement("tr"), cell = row.insertCell();
    cell.colSpan = table.tHead.rows[0].cells.length;
    card.before(home);
    cell.append(card);
    card.open = true;
    link.closest("tr").after(row);
    link.setAttribute("aria-expanded", "true");
    opened = { card, home, row, link };
  }
  if (table) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    all("th", table.tHead).forEach((head, column) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: head.textContent });
      button.addEventListener("click", () => sort(head, column));
      head.replaceChildren(button);
    });
    for (const link of all("tbody th a", table)) {
      link.setAttribute("aria-expanded", "false");
      link.addEventListener("click", (event) => { event.preventDefault(); open(link); });
    }
  }
  if (seeds.length) pick(seeds[0]);

  // A link to a card or into a fold opens it; paper shows what is folded.
  function unfold() {
    const link = location.hash.startsWith("#country-") && rows.length
      && all(`tbody:not(.other) a[href="${location.hash}"]`, table)[0];
    if (link) {
      form.reset();
      filter();
      open(link);
      link.scrollIntoView({ block: "center" });
      link.focus({ preventScroll: true });
      return;
    }
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  }
  addEventListener("hashchange", unfold);
  unfold();
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open]):not(.card)");
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of folded) part.open = false; });
})();
