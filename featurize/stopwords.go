package featurize

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// stopWords are words that texts are read without; nil for none. A plan names a language
// or lists words; the state of a transform has the list.
type stopWords struct {
	words  []string
	hashes map[uint64]bool
}

// UnmarshalJSON reads a language or a list of words.
func (s *stopWords) UnmarshalJSON(b []byte) error {
	var language string
	if json.Unmarshal(b, &language) == nil {
		list, ok := stopLists[language]
		if !ok {
			return fmt.Errorf("stop_words %q: use a list of words or one of %s", language, languages())
		}
		s.words = strings.Fields(list)
	} else if err := json.Unmarshal(b, &s.words); err != nil {
		return fmt.Errorf("stop_words: use a list of words or one of %s", languages())
	}
	s.hashes = map[uint64]bool{}
	for _, w := range s.words {
		tokenise(w, func(t span) { s.hashes[t.hash] = true })
	}
	return nil
}

// languages are those that have a list.
func languages() string { return strings.Join(slices.Sorted(maps.Keys(stopLists)), ", ") }

// MarshalJSON writes the list.
func (s *stopWords) MarshalJSON() ([]byte, error) { return json.Marshal(s.words) }

// tokens is tokenise without the stop words.
func (s *stopWords) tokens(text string, emit func(t span)) {
	if s == nil {
		tokenise(text, emit)
		return
	}
	tokenise(text, func(t span) {
		if !s.hashes[t.hash] {
			emit(t)
		}
	})
}

// grams appends the hashes of the words and pairs of neighbouring words of a text that
// are left without the stop words.
func (s *stopWords) grams(text string, hashes []uint64) []uint64 {
	last, have := uint64(0), false
	s.tokens(text, func(t span) {
		hashes = append(hashes, t.hash)
		if have {
			hashes = append(hashes, pairHash(last, t.hash))
		}
		last, have = t.hash, true
	})
	return hashes
}

// stopLists are the function words of some languages: articles, pronouns, prepositions,
// conjunctions, auxiliary verbs. Negations are left in: they turn what is said.
var stopLists = map[string]string{
	"english": `a an the this that these those some any each every such own same other
		i me my mine myself we us our ours ourselves you your yours yourself he him his himself she her hers herself
		it its itself they them their theirs themselves who whom whose which what when where why how
		am is are was were be been being have has had having do does did doing will would shall should can could may might must
		and or but if then else than because as until while so though although
		of at by for with about between into through during before after above below to from up down in out on off over under
		again further once here there all both more most also too very just only`,
	"german": `der die das den dem des ein eine einer einem einen eines dieser diese dieses diesem diesen jener jene jenes
		ich mich mir mein meine meiner du dich dir dein deine er ihn ihm sein seine seiner sie ihr ihre ihrer es wir uns unser unsere
		euch euer eure man sich wer wen wem wessen was welche welcher welches wann wo warum wie
		bin bist ist sind war waren wäre sei sein gewesen habe hast hat haben hatte hatten werde wird werden wurde wurden würde
		kann können konnte soll sollen sollte muss müssen musste will wollen wollte mag darf
		und oder aber denn wenn dann als ob weil dass obwohl während damit so
		an am auf aus bei beim bis durch für gegen in im ins mit nach seit über um unter von vom vor zu zum zur zwischen
		hier da dort auch noch nur schon sehr mehr alle alles beide`,
	"french": `le la les l un une des du de d ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs
		je j me m moi tu te t toi il elle on se s soi lui nous vous ils elles eux y en qui que quoi dont où quand comment pourquoi quel quelle quels quelles
		suis es est sommes êtes sont étais était étions étaient été être serai sera seront serait ai as a avons avez ont avais avait avaient eu avoir aura auront
		fait faire peut peuvent doit et ou mais donc or car si alors comme parce puisque lorsque
		à au aux avec chez contre dans depuis devant derrière entre par pendant pour sans sous sur vers
		ici là aussi encore très plus tout tous toute toutes même`,
	"spanish": `el la los las lo un una unos unas este esta estos estas ese esa esos esas aquel aquella aquellos aquellas
		yo me mi mí mis tú te ti tu tus él ella ello se sí su sus nosotros nosotras nos nuestro nuestra nuestros nuestras vosotros os vuestro vuestra ellos ellas le les
		quien quienes que qué cual cuales cuál cuando cuándo donde dónde como cómo por porque
		soy eres es somos son era eras eran fue fueron ser sido siendo sea sean estoy está están estaba estaban estado estar
		he has ha hemos han había habían haber hay tengo tiene tienen tenía tener puede pueden
		y e o u pero si entonces aunque mientras pues
		a al ante bajo con contra de del desde en entre hacia hasta para según sobre tras
		aquí allí también ya muy más todo todos toda todas mismo`,
}
