"""Several orders in one instruction, one after the other, as people type them: trained ones, and others that training never uses.

Slots: {1}, {2} and {3} are whole orders, such as "put the red block in the green bowl"; {b} is what goes where the thing before it went.
"""

from __future__ import annotations

from moe3d_ros.tabletop.composed_words.phrase_lists import Phrases

TRAINED: Phrases = {
    "orders_2": (
        "{1}. Then {2}.", "{1}. Then {2}.", "{1}, then {2}", "{1}, then {2}", "{1} and then {2}", "{1} and {2}", "{1}. {2}.", "{1}; {2}",
        "{1}. After that, {2}.", "{1}, after that {2}", "{1} and after that {2}", "first {1}, then {2}", "first {1} and then {2}",
        "first {1}. Then {2}.", "First: {1}. Second: {2}.", "{1}. Next, {2}.", "{1}, next {2}", "{1}. Now {2}.", "{1}. And then {2}.",
        "{1}. When that is done, {2}.", "{1}, and when you are done {2}", "{1}. Once done, {2}.", "{1}. As a second step, {2}.",
        "please {1}, then {2}", "please {1} and then {2}", "1. {1} 2. {2}", "1) {1} 2) {2}", "1. {1}\n2. {2}", "- {1}\n- {2}",
        "step one: {1}, step two: {2}", "start with this: {1}. Then {2}.", "can you {1} and then {2}?", "could you {1}, then {2}?",
        "I want you to {1} and then {2}", "{1}. Later {2}.", "{1}, followed by this: {2}", "{1}. {2} after that.", "{1} > {2}",
        "you should {1} first and {2} next", "{1}. Also {2}.", "{1}, also {2}", "do two things: {1}, {2}", "{1}. Then, please, {2}.",
    ),
    "orders_3": (
        "{1}. Then {2}. Then {3}.", "{1}, then {2}, then {3}", "{1}, {2} and {3}", "{1}, {2}, {3}", "{1}. {2}. {3}.", "{1}; {2}; {3}",
        "first {1}, then {2}, finally {3}", "first {1}, then {2} and then {3}", "first {1}. Then {2}. Last, {3}.", "{1}, then {2} and {3}",
        "{1}. After that {2}. Finally {3}.", "{1}, after that {2}, and at the end {3}", "{1} and then {2} and then {3}",
        "1. {1} 2. {2} 3. {3}", "1) {1} 2) {2} 3) {3}", "1. {1}\n2. {2}\n3. {3}", "- {1}\n- {2}\n- {3}", "{1}. Next {2}. Next {3}.",
        "please {1}, then {2}, then {3}", "three things: {1}, {2}, {3}", "{1}. Now {2}. And {3}.", "step one: {1}, step two: {2}, step three: {3}",
        "I want you to {1}, then {2}, and to end with {3}", "{1} > {2} > {3}", "start with this: {1}. Then {2}. In the end {3}.",
    ),
    "there_too": (
        "put {b} there too", "put {b} there as well", "{b} goes there, too", "do the same with {b}", "put {b} at the same spot", "add {b}",
        "move {b} there too", "bring {b} to the same place", "the same with {b}", "{b} as well", "{b} too", "let {b} follow", "{b}, same place",
    ),
}  # fmt: skip

HELD_OUT: Phrases = {
    "orders_2": (
        "{1}, afterwards {2}",
        "{1} before you {2}",
        "{1}. With that out of the way, {2}.",
        "{1}. As soon as you've finished, {2}.",
        "here's what to do, in order: {1} / {2}",
        "{1}. Your follow-up task: {2}.",
        "your first job is to {1}, your second is to {2}",
        "the plan is to {1} before going on to {2}",
        "{1}. Following that, {2}.",
        "{1}. I have one more job for you: {2}.",
        "for starters, {1}. Subsequently, {2}.",
        "would you kindly {1} and, straight afterwards, {2}?",
        "before anything else {1}; with that sorted, {2}",
        "{1}. Having finished that, go on to {2}.",
    ),
    "orders_3": (
        "{1} before you {2}; leave this for the very end: {3}",
        "to begin with {1}, afterwards {2}, and lastly {3}",
        "for starters {1}; following that {2}; to finish up {3}",
        "your first job is to {1}, your second is to {2}, your third is to {3}",
        "here's the plan: {1}; subsequently {2}; as the closing act, {3}",
        "{1}. As soon as you've finished, {2}. To round it off, {3}.",
        "{1}. Following that, {2}. The only thing left is to {3}.",
        "{1} and, straight afterwards, {2}. That leaves one last job: {3}.",
        "{1}, afterwards {2}, and only once both are complete {3}",
        "{1}. With that out of the way, {2}. I have one more job for you: {3}.",
    ),
    "there_too": (
        "repeat that for {b}",
        "ditto for {b}",
        "have {b} join it",
        "give {b} the same treatment",
        "that's where {b} belongs, too",
        "send {b} to that very location",
        "{b} should also end up there",
    ),
}
