// A clock that runs in the background: a page's own timers may pause for a minute there, and a
// place in line is lost sooner.

let timer = 0;
onmessage = ({ data: wait }) => {
  clearTimeout(timer);
  timer = setTimeout(() => postMessage(null), wait);
};
