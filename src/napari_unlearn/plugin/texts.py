"""Every label and tooltip of the window, in one table. The key is also the object name of the widget."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """What is written on a widget, and what is said when the mouse rests on it."""

    label: str
    tip: str = ""


TEXTS: dict[str, Text] = {
    # Data
    "open_folder": Text(
        "Open folder…", "Open a folder of dermoscopy images with coarse masks (also ISIC, HAM10000, PH2)."
    ),
    "open_sample": Text(
        "Open sample", "Open a copy of the sample that comes with the plugin; the original stays as it is."
    ),
    "choose_model": Text("Choose…", "Choose the folder of a segmentation model that was trained with napari-unlearn."),
    "train_model": Text(
        "Train on coarse masks", "Train a model on the coarse masks, shortcuts and all. Takes a few minutes."
    ),
    "case_filter": Text("", "Show only cases in this state."),
    "case_search": Text("Find a case", "Type a part of an identifier, a diagnosis, a note or of the last column."),
    "case_sort": Text("", "Put the list into the order of a column of its table; previous and next follow the list."),
    "case_direction": Text("", "From large to small, or back."),
    "case_note": Text(
        "Note on this case", "Anything that others should know; kept in the project, and found by the search."
    ),
    "exclude_open": Text("Exclude…", "Leave this case out of unlearning, with a reason; its masks stay as they are."),
    "exclude_reason": Text("Reason", "Choose a reason or write your own."),
    "exclude_case": Text("Exclude", "Leave this case out of unlearning for this reason."),
    "include_case": Text("Include again", "Let this case take part again."),
    "previous_case": Text("‹", "Previous case."),
    "next_case": Text("›", "Next case."),
    "next_unrefined": Text("Next unrefined", "Go to the next case that has no fine mask yet."),
    "go_refine": Text("Refine this case", "Brush the background out of the coarse mask of this case."),
    # Refine
    "tool_trim": Text("Trim", "Brush away what is not lesion. What you remove lights up as dilation artefact."),
    "tool_restore": Text("Restore", "Brush lesion back where you removed too much. Never leaves the coarse mask."),
    "tool_fill": Text("Remove area", "Click an area of the fine mask to remove all of it."),
    "brush_size": Text("Brush size", "Diameter of the brush in pixels of the image."),
    "undo": Text("Undo", "Take back the last stroke."),
    "redo": Text("Redo", "Do again what was taken back."),
    "start_from_coarse": Text("Start from coarse", "Put the coarse mask back as the fine mask. Can be undone."),
    "trim_outside": Text("Remove them", "Remove the fine pixels that lie outside the coarse mask."),
    "done_refining": Text("Done refining", "Call this case refined and go to the next one that is not."),
    "proposal_method": Text("Method", "Who proposes, and what: the outline of the lesion, or where an artefact is."),
    "propose": Text("Propose", "Propose a mask for this case. Nothing changes until you accept it."),
    "accept_proposal": Text("Accept", "Take the proposal, as you brushed it since. Can be undone."),
    "reject_proposal": Text("Reject", "Drop the proposal; the masks stay as they are."),
    "grow": Text("Grow", "Propose the mask with its outline moved outwards."),
    "shrink": Text("Shrink", "Propose the mask with its outline moved inwards."),
    "smooth": Text("Smooth", "Propose the mask with a smoother outline; what is smaller goes."),
    "fill_holes": Text("Fill", "Propose the mask with its holes filled."),
    "outline_radius": Text("", "How far the outline moves, or how smooth it gets, in pixels of the image."),
    "mark_artefacts": Text(
        "Mark artefacts",
        "Brush where a ruler, ink, hair or another artefact lies, or take such marks away. Leakage and what "
        "artefacts do to the diagnosis are measured by this map; what it does not mark counts as free of artefacts.",
    ),
    "artefact_kind": Text("Kind of artefact", "What the brush marks; the marks of other kinds stay as they are."),
    "stay_inside": Text(
        "Stay inside the coarse mask",
        "Let no label stand outside the coarse mask. Switch it off where the coarse mask misses a part of the lesion.",
    ),
    "suggest_next": Text(
        "Suggest next",
        "Go to the case whose refinement breaks most of what goes with the diagnosis. Press again for another one.",
    ),
    "suggest_columns": Text(
        "Even out",
        "What shall be as frequent among refined benign as among refined malignant cases, such as rulers, a camera or "
        "what surrounds the lesion.",
    ),
    "suggest_surroundings": Text(
        "What surrounds the lesion",
        "Look at the images outside the coarse masks: a case whose surroundings look like those of another diagnosis "
        "is worth refining, whatever the table says of it.",
    ),
    "suggest_only_surroundings": Text(
        "Only what surrounds the lesion",
        "Switch every column of the table off. Best where the table names no artefacts: what has many things to even "
        "out evens out each of them less.",
    ),
    "suggest_cancel": Text("Cancel", "Stop looking at the images, and suggest by the table alone from then on."),
    "live": Text(
        "Live",
        "Refit the model after every stroke and show what it predicts. Each state that is shown has a certificate and "
        "takes its share of the budget ε and δ that is set under Unlearn, divided among 10,000 states.",
    ),
    "live_keep": Text("Keep this model", "Use the model that is shown from now on, and save it with its certificate."),
    "go_unlearn": Text("Continue to Unlearn", "Choose how the model forgets the dilation artefacts."),
    # Unlearn
    "operator": Text("How to unlearn", "What is guaranteed afterwards differs, and the badge says how much."),
    "more_operators": Text(
        "All methods", "Show every method, or only one of each kind of guarantee. The first one suits most work."
    ),
    "epsilon": Text(
        "ε",
        "Privacy budget. The smaller, the less anyone can tell from the revised model whether it ever saw the "
        "forgotten pixels. 1 is a common choice; 0 would be exact.",
    ),
    "epsilon_slider": Text(
        "", "Privacy budget, from strict on the left to loose on the right; every mark is ten times the one before."
    ),
    "plan": Text(
        "What does this cost?",
        "Try this way of unlearning at several budgets, on a stand-in for your model, and draw the overlap and the "
        "leakage to expect. Takes a minute or so, changes nothing and spends no budget.",
    ),
    "forget_section": Text(
        "Forget whole cases",
        "Withdraw whole training cases, labels and images: those of a device, of a site, of a time, or of people who "
        "withdrew consent. Counts only while this is open.",
    ),
    "forget_cases": Text(
        "Cases to forget",
        "What to look for in metadata.csv, such as site = Vienna and acquired < 2019-07-01. Compare with =, !=, <, <=, "
        "> or >=, and join conditions by and, or.",
    ),
    "keep_coarse": Text(
        "Other cases keep their coarse masks",
        "The cases that are left teach with their coarse masks where they have no fine ones, with all that these take "
        "in. Without this only fine masks say where lesions are.",
    ),
    "plan_dice": Text(
        "Overlap with the fine masks (Dice)",
        "Expected overlap of the predicted with the fine outline, mean of the test cases; 1 is perfect. The bars show "
        "how far the draws of the noise differ.",
    ),
    "plan_leakage": Text(
        "Leakage (nats per predicted pixel)",
        "What an artefact on a pixel that the model takes for lesion is expected to tell about the truth there, in the "
        "split that leaks most; 0 means nothing.",
    ),
    "trajectory_legend": Text(
        "",
        "This run: the model after each step. Model before: the one you started from. From the "
        "public start: the same without your model. By chance: what a model without any leakage would show.",
    ),
    "plan_legend": Text(
        "",
        "Thin line: your model, hidden in noise and repaired. From the public start: the same without your model, "
        "which forgets everything. Where both lines agree, the guarantee is bought by learning again. Exact refit: "
        "forgets for certain, without any noise.",
    ),
    "delta": Text(
        "δ", "Probability with which the guarantee may fail. Choose it far below one in the number of forgotten pixels."
    ),
    "counterfactual": Text(
        "Swaps per case",
        "How many times the surroundings of each refined lesion are exchanged with those of another "
        "case, so that rulers and ink no longer go together with the diagnosis. Costs no privacy budget.",
    ),
    "device": Text(
        "Compute on", "Where to compute. Automatic takes a graphics card where one works, else the processor."
    ),
    "try_devices": Text(
        "Test",
        "Take one step of a small network on every device, check what it calculates, and say below how fast it was or "
        "why the device is not offered.",
    ),
    "unlearn": Text("Unlearn", "Revise the model in the background. Nothing is replaced until it has succeeded."),
    "cancel": Text("Cancel", "Stop within a step; the model in use stays as it is."),
    "pause": Text("Pause", "Hold the work at its next step and leave the computer to others; nothing is lost."),
    "stop": Text(
        "Stop and keep best",
        "End now with the last good state and compare it with the model in use. Possible once there is such a state; "
        "a method that promises ε and δ has none before its end, because the promise rests on all of its noise.",
    ),
    # Compare and export
    "show_before": Text(
        "Before", "Show what the model predicted before unlearning; its key switches between before and after."
    ),
    "show_after": Text("After", "Show what the revised model predicts; its key switches between before and after."),
    "show_split": Text("Split", "Before on the left, after on the right of a white line that you drag over the image."),
    "show_beside": Text("Side by side", "Before and after in two views that move and zoom together."),
    "show_difference": Text("Difference", "Mark only the pixels that the two models see differently."),
    "split_at": Text("", "Where the line stands. Drag it here or over the image, or move it with the arrow keys."),
    "show_leakage_before": Text("Leakage before", "Show where an artefact gives away whether the old model is right."),
    "show_leakage_after": Text(
        "Leakage after", "Show where an artefact gives away whether the revised model is right."
    ),
    "measure": Text("Measure before and after", "Measure both models on the test cases that have fine masks."),
    "export_format": Text(
        "Export as",
        "What opens the exported model. Every format but the first is loaded again and compared with the model before "
        "it is called done.",
    ),
    "export": Text("Export…", "Write the revised model, its certificate and its card to a folder of your choice."),
    "report": Text(
        "Report",
        "Write a page to read or print: what was forgotten, pictures and numbers before and after, the certificate "
        "and what is not shown. Measures both models, so it takes a while.",
    ),
    "discard": Text("Discard", "Return to the model before this run. The run stays on disk."),
    "feature_map": Text(
        "Feature map",
        "Lay the cases out below the image by what each model takes for lesion, before and after. A click on a point "
        "opens its case.",
    ),
    "history": Text("All runs…", "List every run of this project below the image: sort, compare, restore, repeat."),
    "compare_runs": Text(
        "Compare",
        "Show what changed between two runs, or between one run and the model it started from. The model in use stays.",
    ),
    "compose_runs": Text(
        "Compose",
        "Make one model of two runs: of all mixtures that keep the outlines as well as the best, the one that forgets "
        "most. It guarantees what both runs guarantee together.",
    ),
    "compose_pair": Text("Compose", "Make one model of these two runs, with the guarantee that both give together."),
    "restore_run": Text("Use this model", "Use the model of this run from now on. Nothing is deleted."),
    "rerun": Text("Run again", "Start the same run once more, with the masks as they are now, into a new folder."),
    "compare_current": Text("Back", "Compare the model in use with the one before it again."),
    "blink": Text("Blink", "Change between the predictions before and after unlearning."),
    "toggle_artefacts": Text(
        "Dilation artefacts on or off", "Hide the dilation artefacts, to see what lies under them."
    ),
    "show_help": Text("?", "Show every key of this window."),
    "dismiss": Text("✕", "Close this message."),
}

STEPS = ("Data", "Refine", "Unlearn", "Compare")

INTRO = {
    "Data": "Open dermoscopy images with coarse masks, and see what the model predicts.",
    "Refine": "Brush away what is not lesion. Everything you remove will be forgotten.",
    "Unlearn": "Choose how the model forgets the dilation artefacts of the refined cases.",
    "Compare": "See what has changed, then keep the revised model or return to the old one.",
}

BADGES: dict[str, Text] = {
    "exact": Text("Exact", "The revised model is computed without the forgotten pixels at all: ε = 0."),
    "certified head": Text(
        "Certified head", "An (ε, δ) guarantee for the last layer, proved from how well it converged."
    ),
    "certified ball": Text("Certified ball", "An (ε, δ) guarantee from noise added to a model that is kept in a ball."),
    "empirical": Text(
        "Empirical", "Measured only. There is no guarantee that nothing of the forgotten pixels is left."
    ),
}
