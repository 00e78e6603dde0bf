;;; lsp-mode: ghost text where this version has it, else ordinary completion.  -*- lexical-binding: t -*-
(load (expand-file-name "wait.el" (file-name-directory load-file-name)))
(require 'lsp-mode)
;; An installed package has autoloads for these.
(mapc #'require '(lsp-completion lsp-diagnostics lsp-headerline lsp-lens lsp-modeline))
(setq lsp-auto-guess-root t lsp-enable-file-watchers nil lsp-enabled-clients '(sidelong)
      lsp-diagnostics-provider :none lsp-enable-snippet nil
      lsp-session-file (expand-file-name "session" (getenv "HOME")))
(if (require 'lsp-inline-completion nil t)
    (setq lsp-inline-completion-enable nil) ; batch mode is never idle
  (defalias 'lsp-inline-completion-mode #'ignore)) ; of the snippet, which is for version 10
(load (getenv "SNIPPET"))
(to-the-cursor)
(lsp)
(wait-for (lambda () (and lsp--buffer-workspaces
                          (cl-every (lambda (it) (eq 'initialized (lsp--workspace-status it)))
                                    lsp--buffer-workspaces))))
(if (featurep 'lsp-inline-completion)
    (progn
      (wait-for (lambda () (lsp-inline-completion-display) lsp-inline-completion--items))
      (message "%d items" (length lsp-inline-completion--items))
      (lsp-inline-completion-accept))
  (wait-for (lambda ()
              (completion-at-point)
              (looking-back "True)" (line-beginning-position)))))
(save-buffer)
(lsp-workspace-shutdown (car lsp--buffer-workspaces))
