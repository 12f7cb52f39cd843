// The site's search runs in a web worker, which browsers refuse to start for a page
// that is opened from disk. For such pages, run the worker's script in a hidden frame.
"use strict";

class FrameWorker extends EventTarget {
  constructor(url) {
    super();
    this.frame = document.createElement("iframe");
    this.frame.hidden = true;
    document.body.append(this.frame);
    const inner = this.frame.contentWindow;
    inner.postMessage = (data) => this.emit("message", { data });
    inner.importScripts = (...urls) =>
      urls.reduce((done, next) => done.then(() => this.load(next)), Promise.resolve());
    this.ready = this.load(url);
    this.ready.catch((error) => this.emit("error", { data: error }));
  }

  load(url) {
    return new Promise((resolve, reject) => {
      const script = this.frame.contentDocument.createElement("script");
      script.src = new URL(url, document.baseURI);
      script.onload = resolve;
      script.onerror = reject;
      this.frame.contentDocument.body.append(script);
    });
  }

  emit(type, init) {
    const event = new MessageEvent(type, init);
    this.dispatchEvent(event);
    this[`on${type}`]?.(event);
  }

  postMessage(data) {
    this.ready.then(() =>
      this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data: structuredClone(data) })),
    );
  }

  terminate() {
    this.frame.remove();
  }
}

if (location.protocol === "file:") window.Worker = FrameWorker;
