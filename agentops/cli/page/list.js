"use strict";
// Says that there is another list than the one on the page; it is not exchanged under the hand of who reads it.
const news = document.getElementById("news");
setInterval(async () => {
  try {
    const answer = await fetch(news.dataset.state, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const now = await answer.json();
    if (now.version === news.dataset.version || news.textContent) return;
    if (document.hidden) { location.reload(); return; }
    news.textContent = "The list has changed: look again.";
    document.title = `(${now.waiting}) agentops approvals`;
  } catch {
    news.textContent = "The page has ended, or cannot be reached. Start it again: agentops approvals serve";
  }
}, 2000);
