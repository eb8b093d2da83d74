// A clock that goes on in the background: a page's own timers may then rest for a
// minute, and a place in line is lost sooner.

let timer = 0;
onmessage = ({ data: wait }) => {
  clearTimeout(timer);
  timer = setTimeout(() => postMessage(null), wait);
};
