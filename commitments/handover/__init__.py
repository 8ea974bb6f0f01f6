"""An existing register handed over: a second way into the upload's engine (R35; S0 三（二））."""
