/* Evidence by paste or drag, into the file fields that are there without a script as well.

   data-drop       a zone around one file field (data-evidence); a picture pasted while the focus is in the zone, or
                   dropped on it, becomes its file. Pasted elsewhere it goes to the zone that was used last.
   data-drop-says  where the zone says what it holds. Nothing is sent before the form is. */
(function () {
  "use strict";
  if (!window.DataTransfer) { return; }
  try { new DataTransfer().items.add(new File([""], "x")); } catch (error) { return; }

  var zones = Array.prototype.slice.call(document.querySelectorAll("[data-drop]"));
  var last = null;

  function field(zone) { return zone.querySelector("input[type='file'][data-evidence]"); }
  function open(zone) {
    for (var one = zone.parentElement; one; one = one.parentElement) {
      if (one.tagName === "DETAILS") { one.open = true; }
    }
  }
  function say(zone) {
    var file = field(zone).files[0], says = zone.querySelector("[data-drop-says]");
    says.textContent = "";
    if (!file) { return; }
    says.textContent = "已选：" + file.name + "，" + Math.max(1, Math.round(file.size / 1024)) + " KB";
    if (/^image\//.test(file.type) && file.size < 10485760) {
      var reader = new FileReader();
      reader.onload = function () {
        var picture = document.createElement("img");
        picture.alt = "已选的截屏";
        picture.className = "thumb";
        picture.src = reader.result;
        says.appendChild(document.createElement("br"));
        says.appendChild(picture);
      };
      reader.readAsDataURL(file);
    }
  }
  function take(zone, file) {
    var held = new DataTransfer(), now = new Date(), two = function (n) { return (n < 10 ? "0" : "") + n; };
    var name = file.name && file.name !== "image.png" ? file.name
      : "截屏" + now.getFullYear() + two(now.getMonth() + 1) + two(now.getDate()) + "-" + two(now.getHours()) + two(now.getMinutes()) + two(now.getSeconds())
        + (file.type === "image/jpeg" ? ".jpg" : ".png");
    held.items.add(new File([file], name, { type: file.type }));
    field(zone).files = held.files;
    last = zone;
    open(zone);
    say(zone);
    zone.scrollIntoView({ block: "nearest" });
  }
  function picture(items) {
    for (var i = 0; items && i < items.length; i += 1) {
      if (items[i].kind === "file") { return items[i].getAsFile(); }
    }
    return null;
  }

  zones.forEach(function (zone) {
    zone.querySelector("[data-drop-help]").hidden = false;
    zone.addEventListener("focusin", function () { last = zone; });
    field(zone).addEventListener("change", function () { say(zone); });
    ["dragenter", "dragover"].forEach(function (kind) {
      zone.addEventListener(kind, function (event) { event.preventDefault(); zone.classList.add("drop-over"); });
    });
    ["dragleave", "drop"].forEach(function (kind) {
      zone.addEventListener(kind, function () { zone.classList.remove("drop-over"); });
    });
    zone.addEventListener("drop", function (event) {
      event.preventDefault();
      var file = event.dataTransfer.files[0];
      if (file) { take(zone, file); }
    });
  });

  // The row that is being worked at, opened or answered last, is the one that a picture belongs to.
  document.addEventListener("focusin", function (event) {
    var row = event.target.closest && event.target.closest("[data-look]");
    if (row) { last = row.querySelector("[data-drop]") || last; }
  });
  document.addEventListener("paste", function (event) {
    var file = picture(event.clipboardData && event.clipboardData.items);
    if (!file || !zones.length) { return; }
    event.preventDefault();
    take(last || zones[0], file);
  });
})();
