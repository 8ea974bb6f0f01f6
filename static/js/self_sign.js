/* Signing on a subject's own pages: what a slow or broken network needs. Without this file every step is a plain form.

   A step may be sent again without harm, so it is sent until it is answered; what was typed stays on the page and goes to
   the server as soon as there is a way. Nothing is kept in the browser's storage. */
(function () {
  "use strict";

  if (!window.fetch || !window.FormData) { return; }
  var PAUSE = 3000, PATIENCE = 30000;
  var LOST = "网络中断，内容还在本页，恢复后自动再发…";

  function all(selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); }
  function say(room, words, tone) {
    if (!room) { return; }
    room.textContent = "";
    if (!words) { return; }
    var line = document.createElement("span");
    line.className = tone || "says-working";
    line.textContent = words;
    room.appendChild(line);
  }
  function toLogin(form) {
    window.location.assign(form.getAttribute("data-login") + "?next=" + encodeURIComponent(form.getAttribute("data-back") || window.location.pathname));
  }
  function isJson(answer) { return /json/.test(answer.headers.get("content-type") || ""); }
  function post(address, body) {
    var stop = "AbortController" in window ? new AbortController() : null;
    var timer = window.setTimeout(function () { if (stop) { stop.abort(); } }, PATIENCE);
    var options = { method: "POST", body: body, credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json" } };
    if (stop) { options.signal = stop.signal; }
    return fetch(address, options).then(function (answer) { window.clearTimeout(timer); return answer; }, function (error) { window.clearTimeout(timer); throw error; });
  }
  function soon(again) {
    var timer = window.setTimeout(go, PAUSE);
    function go() { window.clearTimeout(timer); window.removeEventListener("online", go); again(); }
    window.addEventListener("online", go);
  }

  /* ---- how long a part was in sight ---- */
  var since = document.hidden ? 0 : window.performance.now(), seen = 0;
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) { if (since) { seen += window.performance.now() - since; } since = 0; } else { since = window.performance.now(); }
  });
  function seconds() { return Math.round((seen + (since ? window.performance.now() - since : 0)) / 1000); }

  /* ---- a step ---- */
  all("form[data-step]").forEach(function (form) {
    var room = form.querySelector("[data-says]"), underWay = false;
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      if (underWay) { return; }
      underWay = true;
      form.setAttribute("data-sending", "");
      send();
    });
    function send() {
      var field = form.hasAttribute("data-reading") ? form.querySelector("[name=seconds]") : null;
      if (field && !field.value) { field.value = String(seconds()); }
      post(form.action, new FormData(form)).then(function (answer) {
        if (answer.status === 401) { toLogin(form); return null; }
        if (answer.ok && isJson(answer)) {
          return answer.json().then(function (body) { leaving = true; window.location.assign(body.next); });
        }
        if (answer.status >= 500) { throw new Error("unanswered"); }
        // Something is wrong with what was typed: the server's own page says what.
        leaving = true;
        form.submit();
        return null;
      }).catch(function () { say(room, LOST); soon(send); });
    }
  });
  var leaving = false;
  // Back by the browser's own key: the page as it was, ready to be sent again.
  window.addEventListener("pageshow", function (event) { if (event.persisted) { window.location.reload(); } });

  /* ---- blanks are kept while they are typed ---- */
  all("form[data-auto]").forEach(function (form) {
    var room = form.querySelector("[data-says]"), timer = 0, kept = true, underWay = false;
    form.addEventListener("input", function () { kept = false; window.clearTimeout(timer); timer = window.setTimeout(keep, 800); });
    form.addEventListener("change", function () { window.clearTimeout(timer); timer = window.setTimeout(keep, 50); });
    function keep() {
      if (underWay || leaving || form.hasAttribute("data-sending")) { return; }
      underWay = true;
      kept = true;
      var body = new FormData(form);
      body.append("auto", "1");
      body.append("order", String(Date.now()));
      post(form.action, body).then(function (answer) {
        underWay = false;
        if (answer.status === 401) { say(room, "登录已过期。按下面的按钮重新进入，回到这一步。"); return; }
        if (!answer.ok) { throw new Error("unanswered"); }
        say(room, "已保存", "second");
        if (!kept) { keep(); }
      }).catch(function () { underWay = false; kept = false; say(room, LOST); soon(keep); });
    }
    window.addEventListener("beforeunload", function (event) { if (!kept && !leaving) { event.preventDefault(); } });
  });

  /* ---- photographs ---- */
  var MOST_BYTES = 10 * 1024 * 1024;
  var photos = document.getElementById("photos");
  function problem(file) {
    if (!file) { return "请先选择照片。"; }
    if (/\.(heic|heif)$/i.test(file.name) || /hei[cf]/.test(file.type)) { return "“" + file.name + "”是 HEIC 格式，窗口的电脑打不开。请在手机“设置—相机—格式”里选“兼容性最佳”以后重拍，或者打开照片截屏，上传截屏。"; }
    if (file.size > MOST_BYTES) { return "“" + file.name + "”有 " + (Math.ceil(10 * file.size / 1024 / 1024) / 10).toFixed(1) + " MB，超过 10 MB，请降低分辨率再拍。"; }
    return "";
  }
  function renew(body) {
    photos.innerHTML = body.html;
    var paper = document.getElementById("by-photo");
    if (paper && body.paper && !paper.checked) { paper.checked = true; paper.dispatchEvent(new Event("change", { bubbles: true })); }
    wire();
  }
  function upload(form) {
    var input = form.querySelector("input[type=file]"), room = form.querySelector("[data-photo-says]"), bar = form.querySelector("progress");
    var button = form.querySelector("button"), wrong = problem(input.files[0]), turn = 0;
    if (wrong) { say(room, wrong, "field-error"); input.focus(); return; }
    // The same body each time, its number included: however often it is sent, it is one photograph.
    var body = new FormData(form);
    button.setAttribute("aria-disabled", "true");
    bar.hidden = false;
    function end(words) { button.removeAttribute("aria-disabled"); bar.hidden = true; say(room, words, "field-error"); }
    function send() {
      var request = new XMLHttpRequest();
      turn += 1;
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.timeout = 180000;
      request.upload.addEventListener("progress", function (event) { if (event.lengthComputable) { bar.value = Math.round(100 * event.loaded / event.total); } });
      request.addEventListener("load", function () {
        var answer = null;
        try { answer = JSON.parse(request.responseText); } catch (error) { answer = null; }
        if (request.status === 401) { toLogin(form); return; }
        if (request.status === 200 && answer) { renew(answer); return; }
        if (request.status >= 500 || !answer) {
          if (request.status >= 400 && request.status < 500) { end("没有收下这张照片，请换一张再试。"); return; }
          again(); return;
        }
        end(answer.error);
      });
      request.addEventListener("error", again);
      request.addEventListener("timeout", again);
      request.send(body);
    }
    function again() { bar.value = 0; say(room, "网络中断，照片没有传完，正在重试（第 " + turn + " 次）…"); soon(send); }
    say(room, "正在上传…");
    send();
  }
  function wire() {
    all("form[data-photo]", photos).forEach(function (form) {
      form.addEventListener("submit", function (event) {
        event.preventDefault();
        if (form.querySelector("button").getAttribute("aria-disabled") !== "true") { upload(form); }
      });
    });
    all("form[data-photo-remove]", photos).forEach(function (form) {
      form.addEventListener("submit", function (event) {
        event.preventDefault();
        post(form.action, new FormData(form)).then(function (answer) {
          if (answer.ok && isJson(answer)) { return answer.json().then(renew); }
          leaving = true;
          form.submit();
          return null;
        }).catch(function () { form.querySelector("button").focus(); });
      });
    });
  }
  if (photos) { wire(); }
})();
