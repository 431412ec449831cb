// Enter and Space do what a click does on what `reading.py` has made reachable.
document.addEventListener("keydown", (event) => {
  if (!event.target.matches("label[tabindex]") || !["Enter", " "].includes(event.key)) return;
  event.preventDefault();
  event.target.click();
});
