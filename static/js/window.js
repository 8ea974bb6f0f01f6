/* The counter: keys, scanner, item look-up, forms that are sent once. Every page works without it, only slower.

   data-first      gets the focus when the page opens (an input that is wrong goes before it)
   data-wrong      a group of inputs none of which was chosen
   data-key        keys that press this button or follow this link: "f8", "ctrl+enter", "f2 alt+n"
   data-scan       a code field: a scanner's burst replaces what stood there; typing anywhere else leads here
   data-once       a form that is sent once; data-busy on its button is shown meanwhile
   data-open       opens the dialog of that id; data-close closes the dialog around it
   data-print      a form whose answer is a paper: noted first, then printed in a hidden frame
   data-combobox   a field whose select becomes a filter-as-you-type list box
   Nothing is kept in the browser's storage. */
(function () {
  "use strict";

  function all(selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); }
  function shown(element) { return !!(element.offsetWidth || element.offsetHeight || element.getClientRects().length); }
  function typing(element) {
    return !!element && (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) || element.isContentEditable);
  }
  function openDialog() { return document.querySelector("dialog[open]"); }

  /* ---- focus ---- */
  function focusFirst() {
    if (openDialog()) { return; }
    var outside = function (element) { return !element.closest("dialog") && shown(element) && !element.disabled; };
    var first = all("[aria-invalid='true'], [data-wrong] input, .error-summary a").filter(outside)[0] || all("[data-first]").filter(outside)[0];
    if (!first) { return; }
    first.focus();
    if (first.select && first.value && first.type !== "radio") { first.select(); }
  }

  /* ---- keys ---- */
  function nameOf(event) {
    var parts = [];
    if (event.ctrlKey || event.metaKey) { parts.push("ctrl"); }
    if (event.altKey) { parts.push("alt"); }
    // Alt with a letter writes another character on some layouts: the key itself counts.
    var letter = /^Key([A-Z])$/.exec(event.code || "");
    parts.push(letter ? letter[1].toLowerCase() : (event.key || "").toLowerCase());
    return parts.join("+");
  }
  var PLACES = { "alt+t": "today/", "alt+g": "drafts/" };

  document.addEventListener("keydown", function (event) {
    if (event.isComposing || event.defaultPrevented) { return; }
    var name = nameOf(event);
    var special = /^(ctrl|alt)\+./.test(name) || /^f\d+$/.test(name);
    if (special) {
      var scope = openDialog() || document;
      var target = all("[data-key]", scope).filter(function (element) {
        return shown(element) && !element.disabled && element.getAttribute("data-key").split(" ").indexOf(name) >= 0;
      })[0];
      if (target) {
        event.preventDefault();
        target.focus();
        target.click();
      } else if (PLACES[name] && !openDialog()) {
        event.preventDefault();
        window.location.assign(document.body.getAttribute("data-start") + PLACES[name]);
      } else if ((name === "f2" || name === "alt+n") && !openDialog()) {
        event.preventDefault();
        window.location.assign(document.body.getAttribute("data-start"));
      }
      return;
    }
    digit(event);
    leadToScan(event);
  });

  /* A digit chooses among radio buttons, only while one of them has the focus. */
  function digit(event) {
    var at = event.target;
    if (at.type !== "radio" || !/^[1-9]$/.test(event.key)) { return; }
    var group = all("input[type=radio][name='" + at.name + "']", at.form || document);
    var wanted = group[Number(event.key) - 1];
    if (wanted && !wanted.disabled) {
      event.preventDefault();
      wanted.checked = true;
      wanted.focus();
      wanted.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  /* ---- scanner ---- */
  // A scanner types every 5 ms or so; a pause tells one scan from the next. A stutter in between is neither.
  var FAST = 100, PAUSE = 600;
  var burst = "", fast = false, last = -PAUSE, stood = "";
  // Counted on the page, not on the field: the first character may have led there from elsewhere.
  document.addEventListener("keydown", function (event) {
    if (event.key.length !== 1 || event.ctrlKey || event.altKey || event.metaKey) { return; }
    var gap = event.timeStamp - last;
    last = event.timeStamp;
    if (gap >= PAUSE) {
      var field = all("[data-scan]").filter(shown)[0];
      stood = field ? field.value : "";
      burst = "";
      fast = true;
    } else if (gap > FAST) { fast = false; }
    burst += event.key;
  }, true);
  function scanField(field) {
    field.addEventListener("input", function () {
      // What stood there before a scan was the last person's.
      if (fast && stood && burst.length >= 6 && field.value === stood + burst) { field.value = burst; }
    });
  }
  function leadToScan(event) {
    var field = all("[data-scan]").filter(shown)[0];
    if (!field || openDialog() || typing(event.target) || event.key.length !== 1 || event.key === " ") { return; }
    field.focus();
    field.select();
  }

  /* ---- forms sent once ---- */
  function once(form) {
    form.addEventListener("submit", function (event) {
      if (form.getAttribute("data-sent") === "1") { event.preventDefault(); return; }
      form.setAttribute("data-sent", "1");
      var button = event.submitter || form.querySelector("button[type=submit]");
      if (!button) { return; }
      button.setAttribute("aria-disabled", "true");
      if (button.getAttribute("data-busy")) {
        button.setAttribute("data-was", button.innerHTML);
        button.textContent = button.getAttribute("data-busy");
      }
    });
  }
  // Back from the browser's own cache the form may be sent again.
  window.addEventListener("pageshow", function (event) {
    if (!event.persisted) { return; }
    all("form[data-sent]").forEach(function (form) { form.removeAttribute("data-sent"); });
    all("button[aria-disabled='true']").forEach(function (button) {
      button.removeAttribute("aria-disabled");
      if (button.hasAttribute("data-was")) { button.innerHTML = button.getAttribute("data-was"); }
    });
  });

  /* ---- dialogs ---- */
  document.addEventListener("click", function (event) {
    var opener = event.target.closest("[data-open]");
    if (opener) {
      var dialog = document.getElementById(opener.getAttribute("data-open"));
      if (dialog && dialog.showModal) {
        event.preventDefault();
        dialog.showModal();
        var first = dialog.querySelector("[data-first]") || dialog.querySelector("button");
        if (first) { first.focus(); }
      }
      return;
    }
    var closer = event.target.closest("[data-close]");
    if (closer) { closer.closest("dialog").close(); }
    if (event.target.closest("[data-print-page]")) { window.print(); }
  });

  /* ---- printing ---- */
  function printing(form) {
    form.addEventListener("submit", function (event) {
      if (!window.fetch) { return; }
      event.preventDefault();
      if (form.getAttribute("data-sent") === "1") { return; }
      form.setAttribute("data-sent", "1");
      var says = form.querySelector("[data-print-status]") || document.getElementById("print-says");
      says.textContent = "正在准备打印…";
      fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin", headers: { Accept: "application/json" } })
        .then(function (answer) {
          if (answer.status === 401) { window.location.reload(); throw new Error("login"); }
          if (!answer.ok) { throw new Error("refused"); }
          document.dispatchEvent(new Event("session-extended"));
          return answer.json();
        })
        .then(function (answer) { intoFrame(answer.paper, says); })
        .catch(function () { says.textContent = "没有打印：网络不通或页面已过期。请再按一次；仍不行就刷新页面。"; })
        .then(function () { form.removeAttribute("data-sent"); });
    });
  }
  // The print window may leave the focus in the frame, where no key of ours is heard.
  window.addEventListener("focus", function () {
    var at = document.activeElement;
    if (at && at.id === "print-frame") { at.blur(); focusFirst(); }
  });
  function intoFrame(address, says) {
    var old = document.getElementById("print-frame");
    if (old) { old.remove(); }
    var frame = document.createElement("iframe");
    frame.id = "print-frame";
    frame.className = "visually-hidden";
    frame.title = "待打印的文书";
    frame.tabIndex = -1;
    frame.setAttribute("aria-hidden", "true");
    var link = document.createElement("a");
    link.href = address;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = "没有弹出打印窗口？打开文书";
    frame.addEventListener("load", function () {
      try { frame.contentWindow.print(); } catch (error) { window.open(address, "_blank", "noopener"); }
    });
    frame.src = address;
    document.body.appendChild(frame);
    says.textContent = "已送打印。";
    says.appendChild(link);
  }

  /* ---- look-up of items ---- */
  function fold(text) { return (text || "").normalize("NFKC").toLowerCase().replace(/\s+/g, ""); }

  function combobox(field) {
    var select = field.querySelector("select");
    var label = field.querySelector("label");
    var help = select.getAttribute("aria-describedby");
    var items = all("option", select).filter(function (option) { return option.value; }).map(function (option) {
      return {
        value: option.value, name: option.textContent.trim(), code: option.getAttribute("data-code") || "",
        types: (option.getAttribute("data-types") || "").split(" "), late: option.hasAttribute("data-late"),
        words: [fold(option.textContent), fold(option.getAttribute("data-code")), fold(option.getAttribute("data-pinyin"))]
      };
    });
    var box = document.createElement("div");
    box.className = "combo";
    var input = document.createElement("input");
    input.type = "text";
    input.id = "item-search";
    input.autocomplete = "off";
    input.spellcheck = false;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", "item-list");
    input.setAttribute("aria-describedby", help);
    input.setAttribute("data-first", "");
    if (select.getAttribute("aria-invalid")) { input.setAttribute("aria-invalid", "true"); }
    var list = document.createElement("ul");
    list.className = "combo-list";
    list.id = "item-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "事项");
    list.hidden = true;
    var count = document.createElement("p");
    count.className = "visually-hidden";
    count.setAttribute("role", "status");
    box.appendChild(input);
    box.appendChild(list);
    select.parentNode.insertBefore(box, select);
    select.parentNode.insertBefore(count, select);
    select.hidden = true;
    select.removeAttribute("data-first");
    select.removeAttribute("aria-invalid");
    label.htmlFor = input.id;

    var found = [], active = -1;
    function chosen() { return items.filter(function (item) { return item.value === select.value; })[0]; }
    function rank(item, query) {
      var best = 9;
      item.words.forEach(function (word) {
        var at = word.indexOf(query);
        if (at >= 0) { best = Math.min(best, at === 0 ? 0 : 1); }
      });
      return best;
    }
    function filter() {
      var query = fold(input.value);
      var same = chosen() && fold(chosen().name) === query;
      found = items.map(function (item, order) { return { item: item, order: order, rank: query && !same ? rank(item, query) : 0 }; })
        .filter(function (one) { return one.rank < 9; })
        .sort(function (a, b) { return a.rank - b.rank || a.order - b.order; })
        .map(function (one) { return one.item; });
      active = found.length ? 0 : -1;
      if (same) { active = found.indexOf(chosen()); }
      draw();
    }
    function draw() {
      list.textContent = "";
      found.slice(0, 60).forEach(function (item, order) {
        var row = document.createElement("li");
        row.id = "item-option-" + order;
        row.setAttribute("role", "option");
        row.setAttribute("aria-selected", order === active ? "true" : "false");
        row.textContent = item.name;
        var code = document.createElement("span");
        code.className = "second";
        code.textContent = item.code;
        row.appendChild(code);
        row.addEventListener("mousedown", function (event) { event.preventDefault(); });
        row.addEventListener("click", function () { choose(item); });
        list.appendChild(row);
      });
      if (!found.length) {
        var none = document.createElement("li");
        none.className = "combo-none";
        none.setAttribute("role", "option");
        none.setAttribute("aria-disabled", "true");
        none.setAttribute("aria-selected", "false");
        none.textContent = items.length ? "目录中没有这样的事项，请换个名称、编码或拼音首字母" : "没有可办理的事项，请联系行政审批局发布目录";
        list.appendChild(none);
      }
      count.textContent = found.length + " 项";
      point();
    }
    function point() {
      all("li", list).forEach(function (row, order) { row.setAttribute("aria-selected", order === active ? "true" : "false"); });
      var row = list.children[active];
      if (row && !list.hidden) {
        input.setAttribute("aria-activedescendant", row.id);
        if (row.offsetTop < list.scrollTop) { list.scrollTop = row.offsetTop; }
        if (row.offsetTop + row.offsetHeight > list.scrollTop + list.clientHeight) { list.scrollTop = row.offsetTop + row.offsetHeight - list.clientHeight; }
      } else { input.removeAttribute("aria-activedescendant"); }
    }
    function expand() { if (list.hidden) { list.hidden = false; input.setAttribute("aria-expanded", "true"); filter(); } }
    function collapse() {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
      count.textContent = "";
    }
    function choose(item) {
      select.value = item.value;
      input.value = item.name;
      input.removeAttribute("aria-invalid");
      collapse();
      limit(item, true);
    }
    input.addEventListener("input", function () { expand(); filter(); });
    input.addEventListener("click", expand);
    input.addEventListener("keydown", function (event) {
      if (event.isComposing) { return; }
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) { expand(); return; }
        var step = event.key === "ArrowDown" ? 1 : -1;
        var last = Math.min(found.length, 60) - 1;
        active = active + step > last ? 0 : active + step < 0 ? last : active + step;
        point();
      } else if (event.key === "Enter" && !list.hidden) {
        event.preventDefault();
        if (found[active]) { choose(found[active]); }
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        input.value = chosen() ? chosen().name : "";
        collapse();
      } else if (event.key === "Tab" && !list.hidden && found[active] && input.value && (!chosen() || chosen().name !== input.value)) {
        choose(found[active]);
      }
    });
    input.addEventListener("blur", function () {
      collapse();
      if (!input.value.trim()) { select.value = ""; limit(null, false); } else { input.value = chosen() ? chosen().name : ""; }
    });

    /* Only the types that the item allows can be chosen; the others stay in their place. */
    function limit(item, go) {
      var radios = all("#types input[type=radio]");
      var open = radios.filter(function (radio) {
        var allowed = !item || item.types.indexOf(radio.value) >= 0;
        radio.disabled = !allowed;
        if (!allowed) { radio.checked = false; }
        radio.parentNode.className = allowed ? "type" : "type type-off";
        return allowed;
      });
      var late = document.getElementById("id_late_materials");
      late.disabled = !!item && !item.late;
      if (late.disabled) { late.checked = false; }
      if (item && open.length === 1) { open[0].checked = true; }
      if (!go) { return; }
      var picked = open.filter(function (radio) { return radio.checked; })[0];
      (picked || open[0] || input).focus();
    }
    if (chosen()) { input.value = chosen().name; }
    limit(chosen(), false);
  }

  /* ---- keeping what is typed ---- */
  function unsaved(words) {
    var saved = document.getElementById("saved");
    if (!saved) { return; }
    saved.textContent = words;
    saved.className = "second saved unsaved";
  }
  // Typing and turning the screen are sent one after the other, but may arrive otherwise: each sending says its place.
  var lastSent = 0;
  function place() { lastSent = Math.max(Date.now(), lastSent + 1); return String(lastSent); }
  document.addEventListener("htmx:configRequest", function (event) {
    if (event.detail.elt.id === "blanks") { event.detail.parameters.order = place(); }
  });
  document.addEventListener("submit", function (event) {
    var order = event.target.querySelector("input[name=order]");
    if (order) { order.value = place(); }
  });
  document.addEventListener("htmx:sendError", function () { unsaved("网络不通，刚输入的还没有保存；恢复后自动保存"); });
  document.addEventListener("htmx:responseError", function (event) {
    unsaved(event.detail.xhr.status === 401 ? "登录已过期，刚输入的还没有保存。请刷新页面重新登录" : "刚输入的没有保存成功，请再改一下或刷新页面");
  });
  window.addEventListener("online", function () {
    if (!document.querySelector("#saved.unsaved")) { return; }
    all("#blanks, #signer").forEach(function (part) { part.dispatchEvent(new Event("change", { bubbles: true })); });
  });

  all("[data-combobox]").forEach(combobox);
  all("[data-scan]").forEach(scanField);
  all("form[data-once]").forEach(once);
  all("form[data-print]").forEach(printing);
  focusFirst();
})();
