"""Phrases that mean one thing, each with the one word that the grammar reads in its place.

They are written as people say them, with negations spelt out ("do not", "can not"): the tokens come
that way. The longest phrase wins.
"""

from typing import Final

from services.refinement.engines.local.language.canvas_phrases import CANVAS_AND_STYLES

_SPOKEN: Final = {
    # Wishes that are phrased as questions, and courtesy.
    "please": (
        "had rather|would rather|be happy with|be happy to see|be happy if|supposed to|meant to|"
        "what if|can not you|could not you|can we not just|would not it be|would not it|"
        "do not you think|why do not you|why do not we|why not|do not be afraid to|"
        "do not hesitate to|do not forget to|do not forget|not only|not just|would not mind|"
        "if you do not mind|"
        "would not hurt|can you please|could you please|feel free to|if at all possible|"
        "no worries|no problem|no rush|do not worry|no hurry|no doubt|not bad|not to mention|"
        "how about|what about|is it too much to ask for|is it too much to ask|"
        "would it be too much to|would it be asking too much to|would it be too much to ask to|"
        "if it is not too much trouble|is it possible to|would it be possible to|possible to|"
        "is there a way to|is there any way to|is there any way you could|is there any way you can|"
        "is there a way you could|any way to|any chance you could|any chance you can|"
        "any chance we could|is there any chance you could|i was wondering if you could|"
        "i was wondering if you can|wondering if you could|i was wondering if we could|"
        "was wondering if you could|any chance of|any chance to|"
        "i say|we say|would love|would like|i want|we want|we are going for|i am going for|"
        "we are aiming for|"
        "i am aiming for|we are after|i am after|they are going for|"
        "or so|or something|something like|sort it out|as well|at all|for once|once again|"
        "thank you|with respect to|in terms of|when it comes to|by the way|in general|"
        "so as to|in order to|not necessarily|if you can|as far as|as soon as possible|"
        "more or less|less than ideal|not ideal|not great|not quite right|do not get me wrong"
    ),
    # Not saying anything, or leaving it to others.
    "well": (
        "not that i do not like|hard to|hard for|difficult to|tough to|"
        "how hard can it be|any more|anymore|any longer|i think|i guess|i mean|in my opinion|"
        "round of feedback|round of changes|round of comments|round of edits|round of revisions|"
        "meet in the middle|somewhere in the middle|something in the middle|middle ground|"
        "next round|second round|first round|another round|this round|last round|final round|"
        "less so|even less so|not so much so|you know|if anything|to be honest|"
        "if you know what i mean|i would say"
    ),
    "in": "the same in",
    "make": "pick out",
    "give": "make it so it has|make it so that it has|make it so it would have",
    "was": "used to be|used to have",
    "thinner": "un bold|unbold",
    "but": "the same but",
    "unneeded": "not required|not needed|not wanted",
    "says": "keeps saying|keep saying|kept saying|keeps telling me|keeps telling us",
    "indifferent": (
        "do we need|do we really need|does it need|do you need|"
        "do not mind|does not mind|not sure|no idea|do not know|no matter|does not matter|"
        "not matter|do not care|up to you|your call|your choice|leave that to you|"
        "leave it to you|leave this to you|not have to|not need to|no preference|not bothered|"
        "not fussed|whatever you"
    ),
    "thereis": "there is|there are|has got",
    "not": (
        "would hate|would dislike|would detest|would loathe|out of the question|off limits|"
        "off the table|a no go|not an option|under no condition|under no conditions|least of all|"
        "the last thing|last thing|"
        "anything , but|any colour , but|any color , but|any other colour , but|"
        "everything in the world but|any old colour but|any old color but|"
        "any colour but|any color but|any other colour than|any other color than|any shade but|"
        "anything except|anything besides|anything apart from|any colour except|any color except|"
        "any colour apart from|any color apart from|every colour but|every color but|"
        "anything but|everyone but|far from|by no means|in no way|on no account|"
        "under no circumstances|no need to|no room to go|no room to|no room for|"
        "there is no room to go|there is no room to|"
        "there is no need to|there is no need for|there is no reason to|there is no point in|"
        "no reason to|no case for|"
        "no point in|do not want to|no need for|refrain from|"
        "stay away from|steer away from|get away from|keep away from|keep clear of|away from|"
        "step away from|pull away from|far away from|walk away from|steer clear of|rather not|"
        "shy away from|nothing"
    ),
    "isnot": "fails to be|fails to look|fail to be|fail to look|could not be|never be",
    # Removing.
    "remove": (
        "forget about|forget the|forget any|skip the|decided against|"
        "stop it with|stop with|enough with|enough of|get rid of|getting rid of|got rid of|"
        "do away with|take out|take away|take off|taking out|cut out|knock out|strip out|"
        "strip away|strip off|leave out|drop the use of|clear out|throw out|throw away|cut off|"
        "clear away|clean away|wipe out|edit out|rub out|do without|make do without|"
        "see the back of|remove all of|kick out|pull out|peel off|phase out|chop off|wipe off|"
        "wipe away|rip out|away with|down with|off with|be gone with|no more of|"
        "enough already with|"
        "over and done with"
    ),
    "smoothen": "even out|evened out|iron out|even up|ironed out",
    "with": "w /",
    "without": "w / o|free of|free from|devoid of|with no|with zero|sans|with none of|minus",
    "hate": (
        "could live without|can live without|who asked for|never asked for|not asked for|"
        "not ask for|did not ask for|what is with|why is there|why are there|can not have|"
        "has no place|have no place|could do without|can do without|who needs|not necessary|"
        "do not like|does not like|did not like|not a fan of|is not a fan of|am not a fan of|"
        "are not a fan of|not a big fan of|not fond of|not keen on|not into|can not stand|"
        "so over the|we are over the|i am over the|totally over the|done with the|am done with|"
        "are done with|seen enough of|tired of|sick of|not crazy about|do not love|"
        "not happy with|not a huge fan of|"
        "fed up with|not loving|do not care for|had enough of|not mad about|not sold on|"
        "not liking|bored of|bored with"
    ),
    "wants": "insists on|insist on|insisted on",
    "uptome": "if it were up to me|if it was up to me|if i had my way|if i could choose",
    "swapsides": "change places|trade places|switch places|swap places|exchange places",
    "infavourof": "in favour of|in favor of",
    "insteadof": "instead of|rather than|in place of|in lieu of|as opposed to|over the current",
    "except": (
        "except for|everything but|all but|apart from|other than|aside from|"
        "with the exception of|everything except|all except|everything besides|excluding|"
        "excepting|everything apart from|everything other than|not counting|outside of"
    ),
    # Keeping.
    "donttouch": (
        "could not live without|can not live without|could not do without|can not do without|"
        "hate to lose|hate losing|hate to see|"
        "do not touch|do not change|do not alter|do not modify|do not mess with|not touch|"
        "not change|not alter|hands off|not mess with|not affect|without changing|"
        "without touching|without altering|without affecting|without modifying|"
        "without messing with|never touch|never change|never alter|not altering|not changing|"
        "not touching|be careful with|careful with|watch out for|hold on to|hang on to|"
        "do not fiddle with|not tamper with|not edit|without messing up|not replace|not recolor|"
        "not recolour|without recoloring|without recolouring|should not change|must not change|"
        "do not mess up|not mess up|no changes to|no change to|not damage|not adjust|not update|"
        "not interfere with|without damaging|without destroying|not ruin"
    ),
    "asis": (
        "as is|as it is|as they are|the way it is|the way they are|the same|untouched|unchanged|"
        "intact|just as it is|exactly as it is|how it is|how they are|like it is|as it was|"
        "unaltered|the way it was|well alone|unmodified"
    ),
    "rest": (
        "the rest|everything else|all else|the remaining|the others|the other parts|all the rest|"
        "the rest of it|the rest of the logo|the remainder"
    ),
    # More, less, too, lacking.
    "increase": (
        "bring back|bring back some|turn up|bring up|crank up|bump up|pump up|dial up|step up|"
        "ramp up|push up|boost up|go up on|bring out|play up|up the|kick up|notch up|more of|"
        "bring some|could do with more|could use more|needs more|need more|a higher|amp up|"
        "beef up|could use some more|add more|beefing up|punch up"
    ),
    "needs": (
        "could use|could do with|should have|would benefit from|is crying out for|in need of|"
        "ought to|got to|has to|have to|wants to|crying out for|deserves|craves"
    ),
    "dampen": (
        "cut back on|cut down on|cut back|cut down|go easy on|go easier on|ease off on|"
        "ease up on|ease off|ease up|not as much|not so much|not that much|not as many|"
        "not so many|hold back on|cool it with|go light on|rein in|reign in|calm down on|"
        "scale down|take down|turn down|dial down|dial back|scale back|knock back|bring down|"
        "pull back|tone down|wind back|row back|step down|wind down|draw back on|lighten up on|"
        "not such a|not such|play down|walk back|take it easy on|tame|tamp down|back off|"
        "back off on|drop down|trim down|dialled back|dialed back|toned back|bring back down|"
        "roll back|let up on|let up|go lighter on|go softer on|take the edge off of|less heavy on|"
        "take the edge off|take some of the edge off|take the sting out of|less of a|less of the|"
        "less of"
    ),
    "lacking": (
        "too less|to less|far too less|"
        "not enough|not much|too little|too few|could have more|not sufficient|"
        "nowhere near enough|hardly any|barely any|not quite|insufficient|not very|not really|"
        "not particularly|does not have enough|do not have enough|not have enough|there is no|"
        "there is not enough|there is not any|there is not much|not have much|short on|short of|"
        "running low on"
    ),
    "insufficiently": "too low|too weak|too poor",
    "too": (
        "too much|too many|so much|so many|a bit much|bit much|a little much|rather much|"
        "a bit too much|over the top with|overly|excessively|unnecessarily|needlessly|"
        "an overload of|an awful lot of"
    ),
    "slightly": (
        "a bit|a little|a little bit|a touch|a tad|a notch|a hair|a smidge|a smidgen|a shade|"
        "a tick|a fraction|a step|a wee bit|just a bit|a tiny bit|a whisker|kind of|sort of|"
        "ever so|ever so slightly|a couple of notches|a dash of|a hint of|a touch of|a pinch of|"
        "a whisper of|a small amount of|a bit of|a little of|a splash of|a notch or two|"
        "a teeny bit|not too much|only just|a small bit|one notch|a scooch|a smidgeon|"
        "a teensy bit|a suggestion of|a lick of|a pop of|a drop of"
    ),
    "much": (
        "a lot|a lot of|lots of|a ton|a ton of|tons of|loads of|a great deal|a whole lot|a bunch|"
        "quite a lot|quite a bit|by far|by a lot|a good deal|plenty of|as much as possible|"
        "a fair bit|big time|to the max|through the roof|all the way|oodles of|heaps of|"
        "a good bit|several notches|as possible"
    ),
    # Qualities that take more than one word.
    "washedout": "washed out|faded out|bleached out",
    "lostlook": (
        "gets lost|get lost|is lost|are lost|getting lost|blends into|blend into|blends in|"
        "blend in|fades into|fade into|disappears|disappear|disappearing|vanishes|vanish|"
        "melts into|blending into|too close to|merges with|merge with|fading into|gets swallowed|"
        "swallowed up|lost against|drowns|drowned out|drowned|bleeds into"
    ),
    "hardtoread": (
        "hard to read|hard to see|difficult to read|difficult to see|tough to read|not readable|"
        "not legible|can not read|can not see|barely visible|hardly visible|barely readable|"
        "hardly readable|barely legible|hardly legible|not visible|can hardly read|"
        "can barely read|hard to make out|can not make out|can hardly see|can barely see|"
        "could not read|struggle to read|hard to distinguish|could not see|impossible to read|"
        "trouble reading|can hardly make out|tricky to read|poorly visible|hard to tell apart|"
        "not clearly visible|not stand out|do not stand out|does not stand out|not standing out|"
        "unable to read|impossible to see|is not clear|are not clear"
    ),
    "readable": (
        "easier to read|easy to read|easier to see|easy to see|better to read|more legible|"
        "more readable|easier on readability|readable from far|better visible|well visible"
    ),
    "pop": "jump out|jump off|leap out|grab attention|catch the eye|stick out|stands out more",
    "standout": "stand out|stands out|standing out|pop out|pops out|come forward|come through",
    "inyourface": (
        "in your face|on the nose|over the top|full on|hurts my eyes|hurt my eyes|hurts the eyes|"
        "hurts your eyes|hurt your eyes|burns my eyes|burn my eyes|hard on the eyes|"
        "hurt the eyes|kills my eyes|blinds me|hurting my eyes|burning my eyes|eye watering|"
        "out of control"
    ),
    "lifeless": (
        "no life|lacks life|lacking life|lacks energy|a bit meh|bit meh|lacks oomph|"
        "lacks vibrancy|falls flat|fall flat|looks flat|look flat|feels flat|feel flat|no energy|"
        "looking flat|a bit flat|lacks punch|no punch|no oomph"
    ),
    "eyecatching": "eye catching|attention grabbing",
    "busy": "going on|happening in it|visual noise|hard to take in",
    "outoffocus": "out of focus",
    "highcontrast": "high contrast",
    "lowcontrast": "low contrast",
    "breathingroom": (
        "breathing room|breathing space|room to breathe|space to breathe|white space|"
        "negative space|empty space|blank space|space around|room around|wiggle room|elbow room|"
        "let it breathe|more air|air around|some air|dead space|safe area|safe zone|clear space|"
        "free space|whitespace around|headroom|breathing area|to breathe|breathe|"
        "empty around|blank around|emptiness around"
    ),
    "cramped": (
        "squeezed in|too close to the edge|touches the edge|touching the edge|close to the edges|"
        "close to the edge|touches the edges|touching the edges|close to the border|"
        "near the edge|near the edges|right up against|squashed in|hemmed in|touches the border"
    ),
    "liven": (
        "liven up|jazz up|spice up|perk up|juice up|pep up|wake up|punch it up|jazz it up|"
        "spice it up|amp it up|liven it up|perk it up|crank it up|pump it up|fire up|"
        "bring to life|bring it to life|wake it up|ramp it up|kick it up|cheer up|cheer it up|"
        "pep it up|amp things up|liven things up|breathe life into|breathe some life into|"
        "less meh|brighten my day"
    ),
    "tonedown": (
        "chill them out|calm them down|tone these down|turn these down|chill this out|"
        "quieten them|tone it down|dial it back|dial it down|take it down|turn it down|"
        "scale it back|bring it down|pull it back|rein it in|reign it in|calm it down|"
        "knock it back|knock it down|calm down|tone things down|chill out|chill it out|"
        "easy on the eyes|easier on the eyes|tone it all down|dial that down|dial that back|"
        "tone that down|quiet it down|mute it|ease it back|ease it off|calm things down|tame it|"
        "mellow out|tone them down|dial them back|dial them down|turn them down|take them down|"
        "simmer down|pull it in|wind it back|tone this down|dial this down|dial this back|"
        "quieten down|quieten it down|dial things back|less crazy|less extreme"
    ),
    "simplify": (
        "clean up|tidy up|strip back|strip down|pare back|pare down|strip it back|strip it down|"
        "pare it back|pare it down|boil down|boil it down|clean it up|tidy it up|simplify it|"
        "dumb down|dumb it down|back to basics|less is more|bare bones|stripped back|"
        "stripped down|pared back|pared down|cut the clutter|reduce to the essentials|"
        "down to essentials|down to the essentials|bare essentials|down to basics|"
        "reduce to the basics|reduce to essentials|keep to the essentials|tidied up|cleaned up|"
        "strip everything back|reduce it to the essentials|reduce it to essentials|clean this up|"
        "to the bare minimum|minimise it|minimize it|de clutter"
    ),
    "less": "half as|a third as|half so",
    "ugly": "heavy handed",
    "add": "drop in a|drop in an|drop in some|pop in a|put in a|bring in a|bring in some",
    "cooldown": (
        "cool it off|cool off|cool this off|cool them off|cool things off|cool that off|"
        "cool it all off|cool it down|cool them down|cool this down"
    ),
    "beef": (
        "bulk up|bulk out|fatten up|beef it up|bulk it up|beef them up|more meat on|bulk them up"
    ),
    # Effects, drawing, colours.
    "shadow": (
        "drop shadow|drop shadows|cast shadow|cast shadows|dropshadow|dropshadows|shadow effect|"
        "drop shade"
    ),
    "gradient": (
        "colour transition|color transition|colour transitions|color transitions|colour fade|"
        "color fade|colour blend|color blend|ombre|ombre effect|fades of color|gradient effect|"
        "gradient fill"
    ),
    "bevel": (
        "glossy effect|glass effect|gloss effect|3 d effect|3 d effects|embossed look|inner glow|"
        "bevel effect|shiny effect|glow effect|web 2 0|lens flare|3 d look|3 d bits|light effect|"
        "light effects"
    ),
    "grayscale": (
        "gray out|grey out|greyed out|grayed out|grey everything|gray everything|shades of gray|"
        "shades of grey|gray scale|grey scale|no color|no colour|without color|without colour|"
        "zero color|no colors|no colours|without colors|without colours|grey tones|gray tones|"
        "grays only|greys only|tones of gray|tones of grey|drain the color|drain the colour|"
        "no color at all|all gray|all grey|remove color|remove colour|remove all color|"
        "remove all colour|remove the color|remove the colour|remove all colors|"
        "remove all colours|remove the colors|remove the colours|remove all the color|"
        "remove all the colour|remove all the colors|remove all the colours"
    ),
    "blackandwhite": (
        "b / with|noir|black and white|black & white|black + white|black n white|b & w|b and w|"
        "b w|black / white|b / w|white and black|b n w|pure black on white|black on white"
    ),
    "invert": (
        "negative version|reverse version|reversed version|reversed out|reversed logo|"
        "reverse the colors|reverse the colours|reversed colors|"
        "reversed colours|invert the colors|invert the colours|flip the colors|flip the colours|"
        "opposite colors|opposite colours|inverted colors|inverted colours|swap light and dark|"
        "swap dark and light|swap black and white|negative of it|photo negative|inverse colors|"
        "inverse colours|colors inverted|colours inverted|swap the black and white|"
        "make a negative|like a negative|colors reversed|colours reversed|invert colors|"
        "invert colours|a negative|as a negative|flip the light and dark|exchange black and white"
    ),
    "onbrand": (
        "colors from our|colours from our|colors of our|colours of our|colors of the|"
        "colours of the|on brand|brand colors|"
        "brand colours|match the theme|fit the theme|fits the theme|matches the theme|our colors|"
        "our colours|brand palette|theme colors|theme colours|company colors|company colours|"
        "house colors|house colours|suit the theme|theme palette|our palette|our brand|"
        "match our theme|colors of the theme|colours of the theme|our theme|match our brand|"
        "corporate colors|corporate colours|matching the theme|the brand|suits the theme|"
        "colors of our brand|colours of our brand|our usual colors|our usual colours|"
        "our own colors|our own colours|match the brand|brand color|brand colour|the theme|"
        "brand identity|brand guidelines|shop colors|shop colours|store colors|store colours|"
        "the theme colors|our brand colors|our brand colours|our corporate colors|"
        "our corporate colours|team colors|team colours|club colors|club colours"
    ),
    "twotone": (
        "two tone|2 tone|two toned|bi color|bi colour|two color|two colour|2 color|2 colour|"
        "duo tone|dual tone|duo color|duo colour|dual color|dual colour"
    ),
    "onetone": (
        "single color|single colour|one color|one colour|1 color|1 colour|one tone|single tone|"
        "just one color|just one colour|only one color|only one colour|one single color|"
        "one single colour|mono color|mono colour|one shade|single hue|one hue|a solid color|"
        "a solid colour|tone on tone|monocolor|monocolour|unicolor|unicolour|tonal"
    ),
    "fewercolours": (
        "not so many colors|not so many colours|not that many colors|not that many colours|"
        "fewer colors|fewer colours|less colors|less colours|too many colors|too many colours|"
        "so many colors|so many colours|number of colors|number of colours|amount of colors|"
        "amount of colours|how many colors|how many colours|fewer tones|fewer hues|"
        "a smaller palette|reduced palette|reduce the palette|limited palette|restricted palette|"
        "fewer shades|less shades|too many different colors|too many different colours|"
        "limit the palette|restrict the palette|simpler palette|too many shades|too many hues|"
        "smaller palette|simplify the palette|simplify the colors|simplify the colours|"
        "limit the colors|limit the colours|reduced color palette|reduced colour palette|"
        "limited color palette|limited colour palette|reduce the colors|reduce the colours|"
        "cut the colors|cut the colours|restrict the colors|restrict the colours|reduce colors|"
        "reduce colours|simplified palette|fewer different colors|fewer different colours|"
        "like a rainbow|such a rainbow|minimal palette|tighter palette"
    ),
    "colors": (
        "color scheme|colour scheme|color palette|colour palette|color combination|"
        "colour combination|color way|colour way|color tone|colour tone|color choice|"
        "colour choice|color choices|colour choices|color set|colour set|color schema|"
        "colour schema"
    ),
    "shadesof": (
        "shades of|tones of|tints of|variations of|hues of|all shades of|different shades of|"
        "various shades of"
    ),
    "nothingelse": (
        "nothing else|no other colors|no other colours|no others|and that is it|that is all|"
        "no more than that|no more colors|no more colours|and only those"
    ),
    "darkmode": "dark mode|night mode|dark theme",
}


def _table() -> dict[tuple[str, ...], str]:
    return {
        tuple(phrase.split()): word
        for word, spoken in (_SPOKEN | CANVAS_AND_STYLES).items()
        for phrase in spoken.split("|")
        if phrase
    }


PHRASES: Final = _table()
PHRASE_WORDS_MAX: Final = max(len(phrase) for phrase in PHRASES)
PHRASE_STARTS: Final = frozenset(phrase[0] for phrase in PHRASES)
