/* Signing on a subject's own pages: what a slow or broken network needs. Without this file every step is a plain form.

   A step may be sent again without harm, so it is sent until it is answered; what was typed stays on the page and goes to
   the server as soon as there is a way. The browser's storage has nothing, but for what was typed into a page whose login
   had run out: this tab holds it for the way through the login. */
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
  var leaving = false;
  function steps(root) { all("form[data-step]", root).forEach(step); }
  function step(form) {
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
        if (answer.status === 401) { leaving = true; keepTyped(form); toLogin(form); return null; }
        if (answer.ok && isJson(answer)) {
          return answer.json().then(function (body) { leaving = true; window.location.assign(body.next); });
        }
        if (answer.status >= 500) { throw new Error("unanswered"); }
        // Something is wrong with what was typed: the server's own page says what. It takes the place of this one, so
        // that nothing is sent a second time.
        return answer.text().then(function (page) {
          if (turnTo(page)) { return; }
          leaving = true;
          form.submit();
        });
      }).catch(function () { say(room, LOST); soon(send); });
    }
  }
  function turnTo(page) {
    var next = new DOMParser().parseFromString(page, "text/html"), main = next.querySelector("main");
    var here = document.querySelector("main");
    if (!main || !here) { return false; }
    document.title = next.title || document.title;
    here.replaceWith(document.importNode(main, true));
    here = document.querySelector("main");
    steps(here);
    keepers(here);
    window.scrollTo(0, 0);
    var wrong = here.querySelector(".error-summary, [aria-invalid='true'], .field-error");
    if (wrong) { wrong.setAttribute("tabindex", "-1"); wrong.focus(); }
    return true;
  }
  // Back by the browser's own key: the page as it was, ready to be sent again.
  window.addEventListener("pageshow", function (event) { if (event.persisted) { window.location.reload(); } });

  /* ---- what was typed when the login had run out ----
     It waits in this tab for the way through the login, no longer than that, and is put back by the page of the same draft. */
  var TYPED = "self-sign-typed", TYPED_FOR = 30 * 60 * 1000;
  function fieldsOf(form) {
    return Array.prototype.filter.call(form.elements, function (one) { return one.name && one.type !== "hidden" && one.type !== "submit" && one.type !== "file"; });
  }
  function keepTyped(form) {
    if (!form.hasAttribute("data-auto")) { return; }
    var values = fieldsOf(form).map(function (one) { return [one.name, one.value, !!one.checked]; });
    try { window.sessionStorage.setItem(TYPED, JSON.stringify({ form: form.action, at: Date.now(), values: values })); } catch (error) { /* storage is off */ }
  }
  function putBack(form, room) {
    var kept = null;
    try {
      kept = JSON.parse(window.sessionStorage.getItem(TYPED) || "null");
      window.sessionStorage.removeItem(TYPED);
    } catch (error) { kept = null; }
    if (!kept || kept.form !== form.action || Date.now() - kept.at > TYPED_FOR) { return false; }
    var fields = fieldsOf(form), changed = false;
    kept.values.forEach(function (one) {
      fields.forEach(function (field) {
        if (field.name !== one[0]) { return; }
        if (field.type === "checkbox" || field.type === "radio") {
          if (field.value === one[1] && field.checked !== one[2]) { field.checked = one[2]; changed = true; }
        } else if (field.value !== one[1]) { field.value = one[1]; changed = true; }
      });
    });
    if (changed) { say(room, "登录失效以前输入的已经填回。", "second"); }
    return changed;
  }

  /* ---- blanks are kept while they are typed ---- */
  var keepersHere = [];
  window.addEventListener("beforeunload", function (event) {
    if (!leaving && keepersHere.some(function (one) { return one.open(); })) { event.preventDefault(); }
  });
  function keepers(root) { keepersHere = []; all("form[data-auto]", root).forEach(keeper); }
  function keeper(form) {
    var room = form.querySelector("[data-says]"), timer = 0, kept = true, underWay = false, over = false;
    keepersHere.push({ open: function () { return !kept && !over; } });
    form.addEventListener("input", function () { kept = false; window.clearTimeout(timer); timer = window.setTimeout(keep, 800); });
    form.addEventListener("change", function () { window.clearTimeout(timer); timer = window.setTimeout(keep, 50); });
    if (putBack(form, room)) { kept = false; timer = window.setTimeout(keep, 50); }
    function keep() {
      if (underWay || leaving || over || !form.isConnected || form.hasAttribute("data-sending")) { return; }
      underWay = true;
      kept = true;
      var body = new FormData(form);
      body.append("auto", "1");
      body.append("order", String(Date.now()));
      post(form.action, body).then(function (answer) {
        underWay = false;
        if (answer.status === 401) { kept = false; keepTyped(form); say(room, "登录已过期，刚输入的还没有保存。按下面的按钮重新进入，回到这一步，输入的会填回。"); return null; }
        if (answer.status === 409 && isJson(answer)) {
          // Another tab has given the draft up or gone on with it: nothing more is kept from here.
          return answer.json().then(function (told) { over = true; say(room, told.error, "field-error"); link(room, told.next); });
        }
        if (!answer.ok || !isJson(answer)) { throw new Error("unanswered"); }
        return answer.json().then(function (told) {
          if (!told.saved) { throw new Error("unanswered"); }
          say(room, "已保存", "second");
          if (!kept) { keep(); }
        });
      }).catch(function () { underWay = false; kept = false; say(room, LOST); soon(keep); });
    }
  }
  function link(room, target) {
    if (!room || !target) { return; }
    var way = document.createElement("a");
    way.href = target;
    way.textContent = "看它现在的情况";
    room.appendChild(way);
  }
  steps(document);
  keepers(document);
  if (!keepersHere.length) { try { window.sessionStorage.removeItem(TYPED); } catch (error) { /* storage is off */ } }

  /* ---- photographs ---- */
  var MOST_BYTES = 10 * 1024 * 1024;
  var photos = document.getElementById("photos");
  function problem(file) {
    if (!file) { return "请先选择照片。"; }
    if (/\.(heic|heif)$/i.test(file.name) || /hei[cf]/.test(file.type)) { return "“" + file.name + "”是 HEIC 格式，窗口的电脑打不开。请在手机“设置—相机—格式”里选“兼容性最佳”以后重拍，或者打开照片截屏，上传截屏。"; }
    if (file.size > MOST_BYTES) { return "“" + file.name + "”有 " + (Math.ceil(10 * file.size / 1024 / 1024) / 10).toFixed(1) + " MB，超过 10 MB，请降低分辨率再拍。"; }
    return "";
  }
  function renew(body, kind) {
    photos.innerHTML = body.html;
    var paper = document.getElementById("by-photo"), says = document.getElementById("by-paper");
    if (says) { says.innerHTML = body.says; }
    if (paper && body.paper && !paper.checked) { paper.checked = true; paper.dispatchEvent(new Event("change", { bubbles: true })); }
    wire();
    var own = kind && photos.querySelector("form[data-photo] [name=kind][value=" + kind + "]");
    if (own && body.told) { say(own.form.querySelector("[data-photo-says]"), body.told, "second"); }
  }
  function upload(form) {
    var input = form.querySelector("input[type=file]"), room = form.querySelector("[data-photo-says]"), bar = form.querySelector("progress");
    var kind = form.querySelector("[name=kind]").value, button = form.querySelector("button"), wrong = problem(input.files[0]), turn = 0;
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
        if (request.status === 200 && answer) { renew(answer, kind); return; }
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
          if (answer.ok && isJson(answer)) { return answer.json().then(function (body) { renew(body); }); }
          leaving = true;
          form.submit();
          return null;
        }).catch(function () { form.querySelector("button").focus(); });
      });
    });
  }
  if (photos) { wire(); }
})();
