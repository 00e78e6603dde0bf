;;; Waiting in batch mode.  -*- lexical-binding: t -*-
(defun wait-for (fact)
  "Let processes speak until FACT is non-nil; an error if it never is."
  (let ((end (+ (float-time) (string-to-number (getenv "TIMEOUT_S")))))
    (while (not (funcall fact))
      (when (> (float-time) end) (error "It never came to hold: %S" fact))
      (accept-process-output nil 0.05))))

(defun to-the-cursor ()
  "Open the file and go to the end of its last line."
  (find-file (getenv "FILE"))
  (goto-char (point-max))
  (backward-char))
