// A timer that runs in the background, where a page's own timers may pause for a minute: a place in
// line is lost sooner.

let timer = 0;
onmessage = ({ data: wait }) => {
  clearTimeout(timer);
  timer = setTimeout(() => postMessage(null), wait);
};
